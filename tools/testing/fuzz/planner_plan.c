// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * planner_plan.c - statements for the planner
 */
#include "planner.h"

static const char *const lines[] = {
	"machine x86-64", "machine custom", "machine riscv64",
	"memory 64G max 128G", "memory 2G", "bits 46", "bits 40", "page 64K",
	"ram low 0-0xbfffffff", "window mmio64 32G+96G 64bit bottom-up",
	"window mmio32 0xc0000000-0xefffffff",
	"platform boards 0xf0000000+1M", "hole flash 0xffc00000-0xffffffff",
	"ports 0x1000-0xffff", "host second segment 1",
	"host third buses 128-255",
	"port p count 4 reserve 2M io 4K prefetchable 32G buses 2",
	"bridge b", "bridge c on b", "port q on b", "device d", "device e on q",
	"device f count 4 on p", "device g on c", "device h on second",
	"function x", "function y", "bar 0 16M", "bar 2 128G 64bit prefetchable",
	"bar 4 32M 64bit", "bar 1 4K", "io 5 128", "rom 512K", "msi 4",
	"msix 33", "pin", "irq 8", "mmio 4K at 0xf0000000", "mmio 64K align 64K",
	"pio 2 at 0x70", "vfs 16", "vf-bar 0 16K 64bit prefetchable",
};

static void run(void)
{
	run_text(take_text(lines, NR(lines)), false);
}

const struct fuzz_target fuzz_planner_plan = { "planner_plan", run };
