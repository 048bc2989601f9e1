# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# vmalloc: `make help` says what there is to make. Needs GNU make, a compiler
# and the few kernel files that tools/build/kernel-files.sh gets.

# The directory everything is built in. Nothing is ever written beside a source.
O	?= build
override O := $(abspath $(O))

# The kernel's files. A build of several variants shares one copy.
KFILES	?= $(O)/kernel
KSELFTEST := $(KFILES)/tools/testing/selftests

PREFIX	?= /usr/local
LIBDIR	?= $(PREFIX)/lib
VERSION	:= 0.2.0
SONAME	:= libvmalloc.so.1
# The version that the interface of this soname began with
SYMVER	:= VMALLOC_0.2

# As in the kernel: LLVM=1 for clang, LLVM=-14 for clang-14, LLVM=dir/ for
# dir/clang.
ifneq ($(LLVM),)
CC	:= $(if $(filter %/,$(LLVM)),$(LLVM))clang$(filter -%,$(LLVM))
else ifeq ($(origin CC),default)
CC	:= $(CROSS_COMPILE)gcc
endif
ifeq ($(origin AR),default)
AR	:= $(CROSS_COMPILE)ar
endif

ifeq ($(V),1)
Q	:=
msg	= @:
else
Q	:= @
msg	= @printf '  %-7s %s\n' $(1) $(patsubst $(O)/%,%,$(2))
MAKEFLAGS += --no-print-directory
endif

# EXTRA_CFLAGS and EXTRA_LDFLAGS go into everything, tests included, so that a
# sanitizer or another word size is one variable. WERROR=0 is for a compiler
# with warnings that the sources do not avoid yet.
WARN	:= -Wall -Wextra $(if $(filter 0,$(WERROR)),,-Werror)
CFLAGS	?= -O2 -g
ALL_CFLAGS := -std=gnu11 $(CFLAGS) -fno-common -fno-strict-aliasing $(WARN) \
	      $(EXTRA_CFLAGS)
ALL_LDFLAGS := $(LDFLAGS) $(EXTRA_LDFLAGS)

# Library code sees no libc: what it needs beyond the compiler's own headers is
# in the shims. Freestanding also keeps the compiler from making a strlen() of
# a loop.
PORT	?= user
LIB_INCLUDES := -I$(CURDIR)/include -I$(CURDIR)/lib \
		-I$(CURDIR)/tools/include -isystem $(KFILES)/include \
		-isystem $(KFILES)/include/uapi
# PROBES=0 leaves the static tracepoints out.
LIB_PROBES := $(if $(filter 0,$(PROBES)),,$(if $(filter user,$(PORT)),-DVMR_PROBES))
# LIB_EXTRA_CFLAGS go into the library alone.
LIB_CFLAGS := $(ALL_CFLAGS) -ffreestanding $(LIB_INCLUDES) -nostdinc $(LIB_PROBES) \
	      $(LIB_EXTRA_CFLAGS)
CC_INCLUDE := -isystem $(shell $(CC) -print-file-name=include 2>/dev/null)

include lib/sources.mk
LIB_SRCS := $(VMR_SRCS:%=lib/%) lib/port/$(PORT).c
LIB_NAMES := $(LIB_SRCS:.c=) lib/rbtree
LIB_OBJS := $(LIB_NAMES:%=$(O)/%.o)
PIC_OBJS := $(LIB_NAMES:%=$(O)/%.pic.o)
# Each room of the VMM has a folder for what an architecture has of its own.
# Before the set-up there may be no compiler.
VMM_MACHINE := $(firstword $(subst -, ,$(or $(shell $(CC) -dumpmachine 2>/dev/null),\
		 $(shell uname -m))))
VMM_ARCH := $(or $(if $(filter x86_64 i%86,$(VMM_MACHINE)),x86), \
	$(if $(filter aarch64,$(VMM_MACHINE)),arm64),other)
VMM_ROOMS := machine boot devices kvm control firmware
VMM_SRCS := $(sort $(wildcard tools/vmm/*.c $(foreach r,$(VMM_ROOMS), \
	tools/vmm/$r/*.c tools/vmm/$r/$(VMM_ARCH)/*.c)))
VMM_OBJS := $(VMM_SRCS:%.c=$(O)/%.o)

# A machine with a device tree writes it with the libfdt of the kernel's source.
FDT_FILES ?= $(O)/fdt
FDT	:= $(FDT_FILES)/scripts/dtc/libfdt
FDT_WRITER := $(patsubst %,$(O)/libfdt/%.o,fdt fdt_sw fdt_strerror)
FDT_OBJS := $(if $(filter arm64,$(VMM_ARCH)),$(FDT_WRITER))

HEADERS	:= $(filter-out %/kvm.h,$(wildcard include/vmalloc/*.h))

# An archive of its own, for userspace with a libc
KVM_NAMES := $(VMR_KVM:%.c=lib/%)
KVM_OBJS := $(KVM_NAMES:%=$(O)/%.o)

# sparse reads gcc's headers but not clang's, and lacks what is defined here.
SPARSE	?= sparse
SPARSE_FLAGS := -Wsparse-error '-D__float128=long double' \
		'-D__builtin_thread_pointer()=((void *)1)' -isystem \
		$(if $(filter-out 0,$(C)),$(shell gcc -print-file-name=include))

all: lib $(if $(VMM_SRCS),vmm) vmr

# Some architectures have no KVM, and no header of it
KVM_LIB	:= $(if $(filter user,$(PORT)),$(shell printf '\043include <linux/kvm.h>\n' | \
	$(CC) -E - >/dev/null 2>&1 && echo $(O)/libvmalloc-kvm.a))

lib: $(O)/libvmalloc.a $(O)/libvmalloc.so $(KVM_LIB)

kvm-lib: $(O)/libvmalloc-kvm.a

# Everything depends on the flags it was made with and on the kernel's files.
$(KFILES)/.source: FORCE
	$(Q)tools/build/kernel-files.sh $(KFILES) $(LINUX)

# The flags of the library, for programs that read its sources
print-cflags:
	@echo '$(LIB_CFLAGS) $(CC_INCLUDE)'

flags = $(CC) $(LIB_CFLAGS) $(ALL_LDFLAGS) C=$(C)
$(O)/.flags: FORCE
	@mkdir -p $(@D)
	@echo '$(flags)' | cmp -s - $@ || \
	 echo '$(flags)' >$@

$(LIB_OBJS) $(PIC_OBJS) $(KVM_OBJS) $(VMM_OBJS): $(O)/.flags $(KFILES)/.source Makefile

# -MT, since the same source makes two objects.
cc_lib	= $(CC) $(LIB_CFLAGS) $(CC_INCLUDE) $(1) -MMD -MP -MT $@ -c -o $@

$(O)/lib/%.o: lib/%.c
	$(call msg,CC,$@)
	@mkdir -p $(@D)
	$(if $(filter-out 0,$(C)),$(Q)$(SPARSE) $(LIB_CFLAGS) $(SPARSE_FLAGS) $<)
	$(Q)$(call cc_lib,-fPIE) $<

$(O)/lib/%.pic.o: lib/%.c
	$(call msg,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(call cc_lib,-fPIC -fno-semantic-interposition) $<

# The kernel's own file, so not ours to answer its compiler warnings.
$(O)/lib/rbtree.o: $(KFILES)/.source
	$(call msg,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(call cc_lib,-fPIE -w) $(KFILES)/lib/rbtree.c

$(O)/lib/rbtree.pic.o: $(KFILES)/.source
	$(call msg,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(call cc_lib,-fPIC -w) $(KFILES)/lib/rbtree.c

$(O)/libvmalloc.a: $(LIB_OBJS)
	$(call msg,AR,$@)
	$(Q)rm -f $@
	$(Q)$(AR) rcsD $@ $(LIB_OBJS)

$(O)/lib/kvm/%.o: lib/kvm/%.c
	$(call msg,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(LIB_EXTRA_CFLAGS) -Iinclude -fPIE -MMD -MP -MT $@ \
		-c -o $@ $<

$(O)/libvmalloc-kvm.a: $(KVM_OBJS)
	$(call msg,AR,$@)
	$(Q)rm -f $@
	$(Q)$(AR) rcsD $@ $(KVM_OBJS)

# The library exports the functions that a public header documents, no others.
$(O)/libvmalloc.map: $(HEADERS) Makefile
	@mkdir -p $(@D)
	$(Q){ echo '$(SYMVER) { global:'; \
	   sed -n 's/^ \* \(vmr_[a-z0-9_]*\)\(()\)\? - .*/\1;/p' $^ | sort -u; \
	   echo 'local: *; };'; } >$@

# Without a libc, as it is; a sanitizer brings its own needs.
$(O)/$(SONAME): $(PIC_OBJS) $(O)/libvmalloc.map
	$(call msg,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -shared $(if $(EXTRA_CFLAGS),,-nostdlib) \
		-Wl,-soname,$(SONAME) -Wl,--version-script=$(O)/libvmalloc.map \
		$(ALL_LDFLAGS) -o $@ $(PIC_OBJS) -lgcc

$(O)/libvmalloc.so: $(O)/$(SONAME)
	$(Q)ln -sf $(SONAME) $@

$(FDT_FILES)/.source: FORCE
	$(Q)MORE=scripts/dtc/libfdt tools/build/kernel-files.sh $(FDT_FILES) $(LINUX)
	$(Q)test -e $(FDT)/libfdt.h || { \
		echo 'the kernel source has no scripts/dtc/libfdt'; exit 1; } >&2

$(O)/libfdt/%.o: $(FDT_FILES)/.source $(O)/.flags
	$(call msg,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -w -isystem $(FDT) -c -o $@ \
		$(FDT)/$*.c

# The VMM sees what any outsider sees: the public headers and the archive.
$(O)/tools/vmm/boot/arm64/fdt.o: $(FDT_FILES)/.source
$(O)/tools/vmm/boot/arm64/fdt.o: FDT_FLAGS := -isystem $(FDT)

$(O)/tools/vmm/%.o: tools/vmm/%.c
	$(call msg,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -D_GNU_SOURCE -Iinclude $(FDT_FLAGS) -pthread -MMD -MP -MT $@ \
		-c -o $@ $<

# The guest program is 32-bit code that runs on nothing, whatever we build for.
GUEST_SRCS := $(addprefix tools/vmm/guest/,start.S guest.c q35.c ports.c vfs.c)
GUEST_HDRS := tools/vmm/guest/guest.h tools/vmm/devices/testdev_pattern.h \
	tools/vmm/devices/irqdev_regs.h
GUEST_CFLAGS := -m32 -std=gnu11 -O2 -ffreestanding -fno-pic -static -nostdlib \
		-fno-stack-protector -fno-asynchronous-unwind-tables \
		-mgeneral-regs-only $(WARN) -Wl,-T,tools/vmm/guest/guest.lds \
		-Wl,--build-id=none -Wl,--oformat=binary

# Where there is no compiler for it there is no program, and that is said.
$(O)/guest.bin: $(GUEST_SRCS) tools/vmm/guest/guest.lds \
		$(GUEST_HDRS) Makefile
	$(call msg,GUEST,$@)
	@mkdir -p $(@D)
	$(Q)if echo 'int x;' | $(CC) -m32 -mgeneral-regs-only -c -x c - \
			-o /dev/null >/dev/null 2>&1; then \
		$(CC) $(GUEST_CFLAGS) -o $@ $(GUEST_SRCS); \
	else \
		echo '  SKIP    guest program: $(CC) makes no 32-bit code'; \
	fi

# A small kernel for the same machine, as a bzImage
$(O)/guest-kernel: $(addprefix tools/vmm/guest/,head.S start.S kernel.c kernel.lds) \
		$(GUEST_HDRS) Makefile
	$(call msg,GUEST,$@)
	@mkdir -p $(@D)
	$(Q)if echo 'int x;' | $(CC) -m32 -mgeneral-regs-only -c -x c - \
			-o /dev/null >/dev/null 2>&1; then \
		$(CC) $(subst guest.lds,kernel.lds,$(GUEST_CFLAGS)) -o $@ \
			$(addprefix tools/vmm/guest/,head.S start.S kernel.c); \
	else \
		echo '  SKIP    small kernel: $(CC) makes no 32-bit code'; \
	fi

vmm: $(O)/vmm $(O)/guest.bin $(O)/guest-kernel

VMM_LIBS := $(O)/libvmalloc-kvm.a $(O)/libvmalloc.a

$(O)/vmm: $(VMM_OBJS) $(FDT_OBJS) $(VMM_LIBS)
	$(call msg,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -pthread $(ALL_LDFLAGS) -o $@ $(VMM_OBJS) \
		$(FDT_OBJS) $(VMM_LIBS)

# The VMM without shared libraries, for a Linux guest inside an emulator
$(O)/vmm-static: $(VMM_OBJS) $(FDT_OBJS) $(VMM_LIBS)
	$(call msg,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -pthread -static $(ALL_LDFLAGS) -o $@ \
		$(VMM_OBJS) $(FDT_OBJS) $(VMM_LIBS)

# The VMM without main(), and the encoder of device trees, which any architecture can run:
# for the fuzz targets
FUZZ_VMM_OBJS := $(sort $(filter-out %/main.o,$(VMM_OBJS)) \
		 $(O)/tools/vmm/boot/arm64/fdt.o $(FDT_WRITER))

$(O)/tools/vmm/boot/arm64/fdt.o: $(O)/.flags $(KFILES)/.source Makefile

$(O)/libvmm.a: $(FUZZ_VMM_OBJS)
	$(call msg,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# The VMM with calls that fail; see tools/testing/inject/inject.c.
INJECT	:= tools/testing/inject/inject

$(O)/$(INJECT).o: $(INJECT).c $(O)/.flags
	$(call msg,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -D_GNU_SOURCE -pthread -c -o $@ $<

$(O)/vmm-inject: $(VMM_OBJS) $(FDT_OBJS) $(VMM_LIBS) $(O)/$(INJECT).o \
		$(dir $(INJECT))wraps
	$(call msg,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -pthread $(ALL_LDFLAGS) \
		-Wl,@$(dir $(INJECT))wraps -o $@ $(filter %.o,$^) \
		$(VMM_LIBS)

include tools/vmr/build.mk

# The tests are kernel selftests; their own Makefile builds them.
TESTS_O	?= $(O)/selftests
tests: $(KVM_LIB) $(O)/libvmalloc.a
	$(Q)mkdir -p $(TESTS_O)
	$(Q)$(MAKE) -C tools/testing/selftests/vmalloc KSELFTEST=$(KSELFTEST) \
		VMALLOC=$(CURDIR) VMALLOC_O=$(O) VMALLOC_BUILT=1 \
		OUTPUT=$(TESTS_O) CC='$(CC)' \
		USERCFLAGS='$(if $(filter 0,$(WERROR)),,-Werror) $(EXTRA_CFLAGS)' \
		USERLDFLAGS='$(EXTRA_LDFLAGS)' all

# Build and run the tests of userspace in under a minute, and install nothing
quick:
	$(Q)$(MAKE) $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc)) \
		TESTS_O=$(O)/quick TEST_OPT=-O0 lib vmm vmr tests
	$(Q)tools/testing/quick.sh $(O)/quick $(TESTS)

# For editors: how each source of lib, vmm, vmr and the tests is compiled. Without an
# archive the Makefile of the tests stops.
compile_commands: $(O)/libvmalloc.a
	$(Q)$(MAKE) -nB V=1 lib vmm vmr tests >$(O)/.commands
	$(Q)CC='$(CC)' tools/build/compile-commands.sh <$(O)/.commands \
		>$(O)/compile_commands.json

# First the things that a fresh machine lacks, then a make of its own: what is
# there decides what is built.
BIOS	?= /usr/share/seabios/bios-256k.bin
TRACE	?= tools/vmm/traces/seabios.trace
TRACE_Q35 ?= tools/vmm/traces/seabios-q35.trace

run:
	$(Q)LINUX='$(LINUX)' tools/build/setup.sh run
	$(Q)$(MAKE) vmm
	$(Q)tools/vmm/run-firmware.sh $(O) $(BIOS) $(TRACE) $(TRACE_Q35)

# A Linux guest: its agent reports what Linux found, and the VMM compares that with
# its map.
RUN_ARCH = $(or $(ARCH),$(subst x86,x86_64,$(VMM_ARCH)))
# Another architecture has a compiler and a directory of its own.
RUN_CROSS = $(filter-out $(subst x86,x86_64,$(VMM_ARCH)),$(RUN_ARCH))
RUN_O	= $(O)$(addprefix /,$(RUN_CROSS))
RUN_PREFIX = $(patsubst %,%-linux-gnu-,$(subst arm64,aarch64,$(RUN_CROSS)))
RUN_CC	= $(if $(RUN_CROSS),$(RUN_PREFIX)gcc,$(CC))
RUN_TOOLS = $(if $(RUN_CROSS),CC=$(RUN_CC) AR=$(RUN_PREFIX)ar)

run-linux:
	$(Q)LINUX='$(LINUX)' RUN_ARCH=$(RUN_ARCH) tools/build/setup.sh run-linux
	$(Q)$(MAKE) run-linux-vmm
	$(Q)CC='$(RUN_CC)' ARCH=$(RUN_ARCH) tools/vmm/run-linux.sh $(O) \
		$(RUN_O)/vmm-static --verify

# The VMM of the guest's architecture
run-linux-vmm:
	$(Q)$(MAKE) O=$(RUN_O) KFILES=$(KFILES) $(RUN_TOOLS) $(RUN_O)/vmm-static

# Debian from a disk; the terminal is its serial port.
run-debian:
	$(Q)LINUX='$(LINUX)' tools/build/setup.sh run-debian
	$(Q)$(MAKE) ARCH=x86_64 run-linux-vmm
	$(Q)tools/vmm/run-debian.sh $(O) $(O)/vmm-static

# The long form of the check of a Linux guest: PLUGS, MOVES and REBOOTS are its counts.
check-linux:
	$(Q)LINUX='$(LINUX)' RUN_ARCH=$(RUN_ARCH) tools/build/setup.sh check-linux
	$(Q)$(MAKE) run-linux-vmm
	$(Q)CC='$(RUN_CC)' ARCH=$(RUN_ARCH) tools/vmm/check-linux.sh $(O) \
		$(RUN_O)/vmm-static

# Compare the assignment of the library with that of Linux, for x86-64 and arm64 in QEMU,
# and boot Linux with the options that the planner prints. NAME chooses machines.
check-assign:
	$(Q)LINUX='$(LINUX)' tools/build/setup.sh check-assign
	$(Q)$(MAKE) O=$(O) KFILES=$(KFILES) vmr
	$(Q)ARCH=x86_64 FETCH=only tools/vmm/run-linux.sh $(O) $(O)/vmr
	$(Q)ARCH=arm64 FETCH=only tools/vmm/run-linux.sh $(O) $(O)/vmr
	$(Q)tools/testing/assign/options.pl $(O)/vmr $(O)/linux $(O)/linux/options
	$(Q)tools/testing/assign/compare.pl $(O)/vmr $(O)/linux $(if $(NAME),'$(NAME)')

check:
	$(Q)LINUX='$(LINUX)' tools/build/setup.sh check
	$(Q)tools/testing/check/run.sh $(O) $(LINUX)

# The long forms of CHECK=vmm-faults, and of CHECK="qemu-user powerpc" and other
# environments
check-faults:
	$(Q)LINUX='$(LINUX)' tools/build/setup.sh check
	$(Q)TIMES=3 PART=1 CHECK=vmm-faults tools/testing/check/run.sh $(O) $(LINUX)

check-environments:
	$(Q)LINUX='$(LINUX)' tools/build/setup.sh check
	$(Q)KFILES='$(KFILES)' tools/testing/environments.sh $(O)

# As root: the compilers of other suites of Debian, in chroots
SUITES	?= stable sid
check-suites:
	$(Q)KFILES='$(KFILES)' tools/testing/suites.sh $(O) $(SUITES)

.PHONY: check-faults check-environments check-suites

# Workloads and numbers of ranges, lists with commas, all by default
BENCH	?=
N	?=
BENCH_MAKE = $(MAKE) -f tools/testing/bench/Makefile O='$(O)' CC='$(CC)' \
	     LINUX='$(LINUX)' Q='$(Q)' BENCH='$(BENCH)' N='$(N)'
bench:
	$(Q)LINUX='$(LINUX)' tools/build/setup.sh bench
	$(Q)$(MAKE) $(O)/libvmalloc.a
	$(Q)$(BENCH_MAKE) run

# How the cost grows in nodes, lines and instructions; the worst operations; the
# results of the last full runs into the documentation
bench-scaling bench-worst-case bench-transfers bench-update-docs: $(O)/libvmalloc.a
	$(Q)$(BENCH_MAKE) $(@:bench-%=%)

bench-worst: bench-worst-case

.PHONY: bench-scaling bench-worst-case bench-worst bench-transfers bench-update-docs

# The instructions of a fixed script, against the committed figures
.PHONY: bench-instructions bench-instructions-record
bench-instructions bench-instructions-record: $(O)/libvmalloc.a
	$(Q)$(BENCH_MAKE) $(@:bench-%=%)

# Random operations against the model for this many seconds; the numbers of
# hot-plug cycles, moves and exits that the library is held to.
STRESS	?= 3600
stress:
	$(Q)LINUX='$(LINUX)' tools/build/setup.sh run
	$(Q)$(MAKE) tests
	$(Q)VMR_TEST_STRESS_CYCLES=100000 VMR_TEST_STRESS_MOVES=1000000 \
		$(O)/selftests/test_stress
	$(Q)VMR_TEST_EXITS=5000000 $(O)/selftests/test_hostile_guest
	$(Q)VMR_TEST_STRESS=$(STRESS) $(O)/selftests/test_differential

# The long forms of what has threads; CHECK= says which, VMR_TEST_DIVISOR=60 is a
# sixtieth.
stress-mt:
	$(Q)LINUX='$(LINUX)' tools/build/setup.sh threads
	$(Q)KFILES='$(KFILES)' tools/testing/stress-mt.sh $(O) $(LINUX)

# Random and recorded bytes as operations, each compared with what it should do:
# FUZZ= says which targets, RUNS= how many inputs for each.
fuzz fuzz-long fuzz-afl:
	$(Q)LINUX='$(LINUX)' tools/build/setup.sh fuzz
	$(Q)$(MAKE) lib $(O)/libvmm.a
	$(Q)$(MAKE) -f tools/testing/fuzz/Makefile O=$(O) KFILES=$(KFILES) \
		CC='$(CC)' $@

fuzz-replay: lib $(O)/libvmm.a
	$(Q)$(MAKE) -f tools/testing/fuzz/Makefile O=$(O) KFILES=$(KFILES) \
		CC='$(CC)' $@

# Random traffic of a guest on the library and on QEMU, and all registers compared after
# each step: STEPS= and SEED=
STEPS	?= 1000000
SEED	?= 1
QEMU_MAKE = $(MAKE) -f tools/testing/qemu/Makefile O='$(O)' CC='$(CC)' \
	    KFILES='$(KFILES)'
check-qemu:
	$(Q)LINUX='$(LINUX)' tools/build/setup.sh qemu
	$(Q)$(MAKE) $(O)/libvmalloc.a
	$(Q)$(QEMU_MAKE) $(O)/qemu/qemu
	$(Q)tools/testing/qemu/run.sh $(O)/qemu/qemu $(STEPS) $(SEED)

# Known bugs put back, each of which the comparison sees
check-qemu-bugs:
	$(Q)LINUX='$(LINUX)' tools/build/setup.sh qemu
	$(Q)$(MAKE) $(O)/libvmalloc.a
	$(Q)KFILES='$(KFILES)' tools/testing/qemu/bugs.sh $(O)

.PHONY: check-qemu check-qemu-bugs

# Coverage of lib/ by the tests, as pages in $(O)/coverage/html
coverage:
	$(Q)LINUX='$(LINUX)' tools/build/setup.sh check
	$(Q)KFILES='$(KFILES)' tools/testing/coverage.sh $(O)

# The packages, built, looked at by lintian and, as root, installed and removed
check-packages:
	$(Q)tools/testing/packages.sh $(O)/packages

# tools/testing/abi/libvmalloc.abi anew, after a change of interface that is meant
abi-update: lib
	$(Q)tools/testing/abi/update.sh $(O)

# Each known bug put back, one at a time
# Bit-vector proofs from the text of lib/: ONLY=REGEX for some of them
prove: $(KFILES)/.source
	$(Q)LINUX='$(LINUX)' tools/build/setup.sh prove
	$(Q)tools/testing/prove/prove.py $(O)/prove \
		clang $$($(MAKE) -s CC=clang print-cflags)

# Random changes of lib/, each of which a test has to see: SEED=, N=, SHARD=2/4
.PHONY: mutation
mutation:
	$(Q)LINUX='$(LINUX)' tools/build/setup.sh threads
	$(Q)$(MAKE) lib
	$(Q)CC='$(CC)' SEED='$(SEED)' N='$(N)' SHARD='$(SHARD)' \
		tools/testing/mutation/mutation.py $(O) $(KFILES)

mutants check-regressions:
	$(Q)LINUX='$(LINUX)' tools/build/setup.sh check
	$(Q)tools/testing/regressions.sh $(O)

check-debug-kernel: $(KFILES)/.source
	$(Q)LINUX='$(LINUX)' tools/build/setup.sh debug-kernel
	$(Q)$(MAKE) -f tools/testing/kernel/Makefile O='$(O)' \
		KFILES='$(KFILES)' LINUX='$(abspath $(LINUX))' check

# The library as patches for the kernel tree KSRC, and the same tried: each patch is checked
# and compiled, and the kernel boots with the KUnit suites.
SERIES	:= $(O)/kernel-series
KSRC	?= $(LINUX)
kernel-series:
	$(if $(KSRC),,$(error KSRC=<kernel source> says for which tree))
	$(Q)tools/kernel/series.sh '$(KSRC)' $(SERIES)
	@ls $(SERIES)/series/*

check-kernel-series:
	$(Q)LINUX='$(LINUX)' tools/build/setup.sh kernel-series
	$(Q)$(MAKE) -f tools/testing/kernel/Makefile O='$(O)' series

# kbuild writes beside the sources it is given, so it gets a tree of links; and
# its O and CFLAGS mean other things than ours, so it gets none of our variables.
# VMR_TEST=n leaves the tests out.
KDIR	?= $(shell tools/build/kernel-headers.sh)
modules:
	$(Q)test -n '$(KDIR)' || { \
		echo 'no kernel headers: install them, or KDIR=<their directory>'; \
		exit 1; } >&2
	$(Q)mkdir -p $(O)/module/tools
	$(Q)find $(O)/module -type l -delete
	$(Q)cp -rs $(CURDIR)/Kbuild $(CURDIR)/lib $(CURDIR)/include $(O)/module/
	$(Q)cp -rs $(CURDIR)/tools/testing $(O)/module/tools/
	$(Q)find $(O)/module -type l ! -name '*.[ch]' ! -name '*.mk' \
		! -name Kbuild -delete
	$(Q)MAKEFLAGS= $(MAKE) -C $(KDIR) M=$(O)/module W=1 V=$(or $(V),0) \
		$(if $(LLVM),LLVM=$(LLVM)) \
		$(if $(VMR_TEST),CONFIG_VMR_TEST=$(VMR_TEST)) modules

# Without the kernel's kernel-doc there are no manual pages of section 3.
$(O)/docs/.man3: $(wildcard include/vmalloc/*.h) $(wildcard tools/build/docs*) \
		$(KFILES)/.source
	$(Q)KFILES=$(KFILES) VERSION=$(VERSION) tools/build/docs.sh $(O)/docs man3 && \
		touch $@ || test $$? = 4

install: lib vmr $(O)/docs/.man3
	$(Q)PREFIX='$(PREFIX)' LIBDIR='$(LIBDIR)' VERSION='$(VERSION)' \
		tools/build/install.sh $(O) '$(DESTDIR)'

footprint:
	$(Q)LINUX='$(LINUX)' tools/build/setup.sh footprint
	$(Q)$(MAKE) $(KFILES)/.source
	$(Q)KFILES=$(KFILES) tools/testing/footprint/footprint.sh $(O)/footprint

# The same, and the tables of the page
footprint-update-docs:
	$(Q)$(MAKE) footprint >$(O)/footprint.out
	$(Q)tools/testing/footprint/docs.sh Documentation/footprint <$(O)/footprint.out

# LAYERS="range id device" is a bundle of these headers and what they need.
LAYERS	?=
bundle: $(O)/libvmalloc.a
	$(Q)CC='$(CC)' KFILES=$(KFILES) tools/build/bundle.sh $(O)/bundle \
		$(O)/libvmalloc.a $(LAYERS)

# HTML and man pages: Sphinx, and kernel-doc over the public headers.
docs:
	$(Q)LINUX='$(LINUX)' tools/build/setup.sh docs
	$(Q)$(MAKE) $(KFILES)/.source
	$(Q)KFILES=$(KFILES) VERSION=$(VERSION) tools/build/docs.sh $(O)/docs

# As root: each tutorial, word for word, in a Debian of its own.
check-tutorials:
	$(Q)tools/testing/tutorials/run.sh $(O)/tutorials

clean:
	$(Q)rm -rf $(O)

help:
	@cat tools/build/help.txt

FORCE:

.PHONY: all lib kvm-lib vmm tests quick compile_commands run check check-debug-kernel \
	kernel-series check-kernel-series \
	check-packages check-regressions check-tutorials abi-update print-cflags \
	bench coverage \
	stress stress-mt fuzz fuzz-long fuzz-afl fuzz-replay mutants prove modules install \
	run-linux run-linux-vmm run-debian check-linux check-assign \
	footprint footprint-update-docs bundle docs clean help FORCE
.DELETE_ON_ERROR:

-include $(LIB_OBJS:.o=.d) $(PIC_OBJS:.o=.d) $(KVM_OBJS:.o=.d) $(VMM_OBJS:.o=.d) \
	$(O)/tools/vmm/boot/arm64/fdt.d
