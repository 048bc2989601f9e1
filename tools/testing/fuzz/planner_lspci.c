// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * planner_lspci.c - texts of lspci and of the kernel's log, for the planner
 *
 * No text is an error: a line is read, known, or counted as skipped.
 */
#include "planner.h"

static const char *const lines[] = {
	"00:01.0 PCI bridge: Acme Port",
	"\tBus: primary=00, secondary=01, subordinate=02, sec-latency=0",
	"\tCapabilities: [40] Express (v2) Root Port (Slot+), MSI 00",
	"01:00.0 VGA compatible controller: Acme Vision",
	"01:00.1 Audio device: Acme Sound",
	"02:00.0 3D controller: Acme Compute",
	"\tFlags: bus master, fast devsel",
	"\tMemory at <ignored> (64-bit, prefetchable)",
	"\tMemory at f0000000 (32-bit, non-prefetchable) [size=16M]",
	"\tRegion 0: Memory at f0000000 (32-bit, non-prefetchable) [size=16M]",
	"\tRegion 1: Memory at 2000000000 (64-bit, prefetchable) [size=64G]",
	"\tRegion 3: [virtual] Memory at 2000000000 (64-bit, prefetchable) [size=32M]",
	"\tRegion 5: I/O ports at e000 [size=128]",
	"\tExpansion ROM at f7000000 [disabled] [size=512K]",
	"\tInterrupt: pin A routed to IRQ 41",
	"\tCapabilities: [50] MSI: Enable+ Count=1/4 Maskable- 64bit+",
	"\tCapabilities: [70] MSI-X: Enable+ Count=33 Masked-",
	"\tCapabilities: <access denied>",
	"\tCapabilities: [bb0] Physical Resizable BAR",
	"\t\tBAR 1: current size: 128MB, supported: 64MB 128MB 1GB 32GB",
	"\tCapabilities: [160 v1] Single Root I/O Virtualization (SR-IOV)",
	"\t\tInitial VFs: 64, Total VFs: 64, Number of VFs: 0",
	"\t\tRegion 0: Memory at 383fffc00000 (64-bit, prefetchable) [size=16K]",
	"1:00.0 VGA compatible controller: Acme Vision",
	"00:01.0/02:00.0 3D controller: Acme Compute",
	"00:1f.1 IDE interface: Acme Channels",
	"\tREGION 2: MEMORY AT F0000000 (64-BIT, PREFETCHABLE) [ SIZE = 1G ]",
	"\t[virtual] I/O ports at 01f0",
	"\tCapabilities: [40] <chain broken>",
	"\tCapabilities: [160 v1] #10",
	"\tCapabilities: [bb0 v1] #15",
	"\t\tVector table: BAR=2 offset=00002000",
	"> [size=16K]",
	"> (64-bit,",
	"$ sudo lspci -vv",
	"[    0.41] pci 0000:01:00.0: [1234:0008] type 00 class 0x030000",
	"[    0.41] pci 0000:01:00.0: reg 0x10: [mem 0xf0000000-0xf0ffffff 64bit]",
	"[    0.41] pci 0000:01:00.0: BAR 1: assigned [mem 0x0-0xffff 64bit]",
	"[    0.41] pci 0000:01:00.0: BAR 2: no space for [mem size 0x100000000",
	"[    0.41] pci 0000:01:00.0: VF BAR 0 [mem 0x0-0xffff]: contains BAR 0 for 16 VFs",
	"00: 34 12 09 00 06 04 10 00 00 02 08 01 10 00 00 00",
	"10: 04 00 d0 fb 00 00 00 00 00 00 00 00 00 00 00 00",
	"20: 00 00 00 00 00 00 00 00 00 00 00 00 34 12 01 00",
	"30: 00 00 00 00 40 00 00 00 00 00 00 00 0b 01 00 00",
	"40: 05 50 86 00 00 00 00 00 00 00 00 00 00 00 00 00",
	"50: 11 00 20 80 00 20 00 00 00 30 00 00 00 00 00 00",
};

static void run(void)
{
	run_text(take_text(lines, NR(lines)), true);
}

const struct fuzz_target fuzz_planner_lspci = { "planner_lspci", run };
