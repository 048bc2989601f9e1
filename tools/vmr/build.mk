# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The planner, an outsider as the VMM is: the public headers and the archive.

VMR_SRCS := $(sort $(wildcard tools/vmr/*.c))
VMR_OBJS := $(VMR_SRCS:%.c=$(O)/%.o)

$(VMR_OBJS): $(O)/.flags $(KFILES)/.source Makefile tools/vmr/build.mk

$(O)/tools/vmr/%.o: tools/vmr/%.c
	$(call msg,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -D_GNU_SOURCE -DVERSION='"$(VERSION)"' \
		-Iinclude -MMD -MP -MT $@ -c -o $@ $<

$(O)/vmr: $(VMR_OBJS) $(O)/libvmalloc.a
	$(call msg,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(VMR_OBJS) \
		$(O)/libvmalloc.a

vmr: $(O)/vmr

.PHONY: vmr

-include $(VMR_OBJS:.o=.d)
