# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The sources of the library, one line for each layer, lowest first. The
# Makefile, Kbuild, the bundle and the footprint read this list.

VMR_BASE := base/error.c
VMR_RANGE := range/tree.c range/space.c range/claim.c range/settling.c \
	range/range.c range/gap.c
VMR_RESOURCE := resource/pool.c resource/id.c resource/id_table.c \
	resource/constraint.c resource/allocator.c resource/system.c \
	resource/irq_share.c resource/system_alloc.c resource/vector_wait.c
VMR_DEVICE := device/bus.c device/region.c device/generation.c device/find.c \
	device/bus_pools.c device/notify.c device/settle.c device/manager.c \
	device/check.c device/placement.c device/change.c device/device.c \
	device/transaction.c device/device_restore.c device/reader.c \
	device/copy.c device/dispatch.c
VMR_LAYOUT := layout/window_split.c layout/machines.c layout/layout_check.c \
	layout/layout.c
VMR_PRINT := print/writer.c print/print.c
VMR_SNAPSHOT := snapshot/snapshot.c snapshot/snapshot_save.c \
	snapshot/snapshot_check.c snapshot/snapshot_restore.c \
	snapshot/snapshot_device.c
VMR_PCI := pci/address.c pci/lookup.c pci/bar_size.c pci/bar.c pci/window.c \
	pci/capability.c pci/rebar.c pci/vector.c pci/msix.c pci/msi.c \
	pci/msix_device.c pci/intx.c pci/access.c pci/reset.c pci/pm.c \
	pci/express.c pci/ari.c pci/function.c pci/card.c pci/bridge.c \
	pci/place.c pci/slot.c pci/port.c pci/hotplug.c pci/host.c \
	pci/slots.c pci/ecam.c pci/conf1.c pci/sriov_device.c pci/sriov.c \
	pci/assign_place.c pci/assign_window.c pci/assign_pools.c \
	pci/assign_collect.c pci/assign_numbers.c pci/assign_keep.c \
	pci/assign_write.c pci/assign.c pci/state_ranges.c \
	pci/state_port.c pci/state.c pci/state_host.c

VMR_DESCRIBE := describe/describe.c describe/encoder.c describe/e820.c \
	describe/aml.c describe/descriptor.c describe/dsdt.c describe/acpi.c

# In libvmalloc-kvm.a, for userspace
VMR_KVM := kvm/kvm.c kvm/memory.c kvm/ioeventfd.c kvm/route.c kvm/ioctl.c \
	kvm/report.c

VMR_SRCS := $(VMR_BASE) $(VMR_RANGE) $(VMR_RESOURCE) $(VMR_DEVICE) \
	$(VMR_LAYOUT) $(VMR_PRINT) $(VMR_SNAPSHOT) $(VMR_PCI) \
	$(VMR_DESCRIBE)
