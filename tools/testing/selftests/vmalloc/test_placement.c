// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_placement.c - placement, claims and parking of regions
 */
#include "../kselftest_harness.h"
#include "machine.h"

/* vmr_region_move() moves to free addresses and lists its errors. */
TEST(region_move_to_free_addresses)
{
	struct vmr_range *conflict = NULL;
	struct probe p, q;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up(&q, "q", VMR_MMIO, 0x8000, 0x1000));

	EXPECT_EQ(0, vmr_region_move(&m.manager, &p.region[0], 0x4000, NULL));
	EXPECT_ANSWERS(&p.region[0], 0x4000);
	EXPECT_NULL(responder(VMR_MMIO, 0x1000));
	/* Its own old addresses do not conflict. */
	EXPECT_EQ(0, vmr_region_move(&m.manager, &p.region[0], 0x4800, NULL));
	EXPECT_ANSWERS(&p.region[0], 0x4800);
	EXPECT_EQ(0, vmr_region_move(&m.manager, &p.region[0], 0x4001, NULL));
	EXPECT_ANSWERS(&p.region[0], 0x4001);

	REFUSED(-EBUSY, vmr_region_move(&m.manager, &p.region[0], 0x7001,
					&conflict));
	EXPECT_EQ(&q.region[0].range, conflict);
	REFUSED(-EBUSY, vmr_region_move(&m.manager, &p.region[0], 0x8fff,
					NULL));
	REFUSED(-ERANGE, vmr_region_move(&m.manager, &p.region[0],
					 MACHINE_LAST - 0xffe, NULL));
	REFUSED(-EOVERFLOW, vmr_region_move(&m.manager, &p.region[0],
					    VMR_ADDR_MAX - 0xffe, NULL));
	REFUSED(-EINVAL, vmr_region_move(NULL, &p.region[0], 0, NULL));
	REFUSED(-EINVAL, vmr_region_move(&m.manager, NULL, 0, NULL));
	EXPECT_ANSWERS(&p.region[0], 0x4001);

	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
	REFUSED(-ENOENT, vmr_region_move(&m.manager, &p.region[0], 0x4000,
					 NULL));
	REFUSED(-EOVERFLOW, vmr_region_move(&m.manager, &p.region[0],
					    VMR_ADDR_MAX - 0xffe, NULL));
	REFUSED(-ENOENT, vmr_region_program(&m.manager, &p.region[0], 0x4000));
	REFUSED(-ENOENT, vmr_region_park(&m.manager, &p.region[0], 0x4000));
	REFUSED(-ENOENT, vmr_region_unmap(&m.manager, &p.region[0]));
	REFUSED(-EINVAL, vmr_region_program(NULL, &p.region[0], 0x4000));
	REFUSED(-EINVAL, vmr_region_park(&m.manager, NULL, 0x4000));
	REFUSED(-EINVAL, vmr_region_unmap(&m.manager, NULL));
	EXPECT_SOUND();
}

/*
 * A region can be programmed to the last and to the first address of the domain.
 */
TEST(region_at_domain_ends)
{
	struct probe p;

	ASSERT_EQ(0, machine_up_to(VMR_ADDR_MAX, 255));
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	EXPECT_EQ(0, vmr_region_program(&m.manager, &p.region[0],
					VMR_ADDR_MAX - 0xfff));
	EXPECT_ANSWERS(&p.region[0], VMR_ADDR_MAX - 0xfff);
	EXPECT_EQ(0, vmr_region_move(&m.manager, &p.region[0], 0, NULL));
	EXPECT_ANSWERS(&p.region[0], 0);
}

/*
 * vmr_region_program() maps a region at the address, and vmr_region_unmap() unmaps
 * it.
 */
TEST(region_program_maps_at_address)
{
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up_unmapped(&p, "p", VMR_MMIO, 0x1000));
	EXPECT_EQ(VMR_FREE, state_of(&p.region[0]));
	EXPECT_EQ(0, vmr_region_program(&m.manager, &p.region[0], 0x5000));
	EXPECT_ANSWERS(&p.region[0], 0x5000);
	EXPECT_EQ(0, vmr_region_program(&m.manager, &p.region[0], 0x5800));
	EXPECT_ANSWERS(&p.region[0], 0x5800);
	EXPECT_EQ(0, vmr_region_unmap(&m.manager, &p.region[0]));
	EXPECT_EQ(VMR_FREE, state_of(&p.region[0]));
	EXPECT_NULL(responder(VMR_MMIO, 0x5800));
	EXPECT_EQ(0, vmr_region_unmap(&m.manager, &p.region[0]));
	EXPECT_SOUND();
}

/* Programming or parking a region outside the domain unmaps it. */
TEST(region_program_outside_domain_unmaps)
{
	static const uint64_t outside[] = {
		MACHINE_LAST - 0xffe, MACHINE_LAST + 1, VMR_ADDR_MAX - 0xfff,
		VMR_ADDR_MAX - 0xffe, VMR_ADDR_MAX,
	};
	struct probe p;
	size_t i;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up_unmapped(&p, "p", VMR_MMIO, 0x1000));
	for (i = 0; i < NR(outside); i++) {
		ASSERT_EQ(0, vmr_region_program(&m.manager, &p.region[0],
						0x5000));
		EXPECT_EQ(0, vmr_region_program(&m.manager, &p.region[0],
						outside[i]));
		EXPECT_EQ(VMR_FREE, state_of(&p.region[0]));
		EXPECT_NULL(responder(VMR_MMIO, 0x5000));
		EXPECT_EQ(0U, m.sys.mmio.nr_claims);
		ASSERT_EQ(0, vmr_region_program(&m.manager, &p.region[0],
						0x5000));
		EXPECT_EQ(0, vmr_region_park(&m.manager, &p.region[0],
					     outside[i]));
		EXPECT_EQ(VMR_FREE, state_of(&p.region[0]));
	}
	EXPECT_SOUND();
}

/*
 * If the addresses are in use, the region becomes a claim and the owner stays
 * mapped.
 */
TEST(region_program_occupied_becomes_claim)
{
	struct probe holder, c;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, claims_up(&holder, &c, 1));
	EXPECT_EQ(VMR_CLAIMED, state_of(&c.region[0]));
	EXPECT_EQ(0x1000U, c.region[0].range.start);
	EXPECT_EQ(0x1fffU, c.region[0].range.last);
	EXPECT_ANSWERS(&holder.region[0], 0x1000);

	/* A live region that becomes a claim frees its addresses at once. */
	EXPECT_EQ(0, vmr_region_program(&m.manager, &c.region[0], 0x8000));
	EXPECT_ANSWERS(&c.region[0], 0x8000);
	EXPECT_EQ(0, vmr_region_program(&m.manager, &c.region[0], 0x1800));
	EXPECT_EQ(VMR_CLAIMED, state_of(&c.region[0]));
	EXPECT_NULL(responder(VMR_MMIO, 0x8000));
	EXPECT_NULL(responder(VMR_MMIO, 0x2000));
	EXPECT_ANSWERS(&holder.region[0], 0x1000);
	EXPECT_SOUND();
}

/* A claim becomes live on every path that frees its addresses. */
TEST(claim_live_on_every_free_path)
{
	struct probe holder, c;
	int way;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, claims_up(&holder, &c, 1));
	for (way = 0; way < 6; way++) {
		EXPECT_EQ(VMR_CLAIMED, state_of(&c.region[0]));
		switch (way) {
		case 0:
			vmr_region_program(&m.manager, &holder.region[0],
					   0x4000);
			break;
		case 1:
			vmr_region_move(&m.manager, &holder.region[0], 0x4000,
					NULL);
			break;
		case 2:
			vmr_region_park(&m.manager, &holder.region[0], 0x1000);
			break;
		case 3:
			vmr_region_unmap(&m.manager, &holder.region[0]);
			break;
		case 4:
			vmr_region_program(&m.manager, &holder.region[0],
					   VMR_ADDR_MAX);
			break;
		default:
			vmr_device_unregister(&m.manager, &holder.dev);
		}
		EXPECT_TRUE(device_responds_at(&c.region[0], 0x1000)) {
			TH_LOG("path %d", way);
		}
		EXPECT_SOUND();
		if (way == 5)
			break;
		/* Restore the initial state. */
		vmr_region_unmap(&m.manager, &c.region[0]);
		vmr_region_program(&m.manager, &holder.region[0], 0x1000);
		vmr_region_program(&m.manager, &c.region[0], 0x1000);
	}
}

/* A claim becomes live only when all of its addresses are free. */
TEST(claim_waits_for_all_addresses)
{
	struct probe a, b, c;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&a, "a", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up(&b, "b", VMR_MMIO, 0x2000, 0x1000));
	ASSERT_EQ(0, probe_up_unmapped(&c, "c", VMR_MMIO, 0x2000));
	ASSERT_EQ(0, vmr_region_program(&m.manager, &c.region[0], 0x1000));
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &a.dev));
	EXPECT_EQ(VMR_CLAIMED, state_of(&c.region[0]));
	EXPECT_NULL(responder(VMR_MMIO, 0x1000));
	/* The range that blocks the claim can be found. */
	EXPECT_EQ(&b.region[0].range,
		  vmr_find_overlap(&m.sys.mmio, c.region[0].range.start,
				   c.region[0].range.last));
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &b.dev));
	EXPECT_ANSWERS(&c.region[0], 0x1000);
}

/* Of several claims of the same addresses, the oldest becomes live first. */
TEST(oldest_claim_settled_first)
{
	struct probe holder, c[3];

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, claims_up(&holder, c, 3));
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &holder.dev));
	EXPECT_ANSWERS(&c[0].region[0], 0x1000);
	EXPECT_EQ(VMR_CLAIMED, state_of(&c[1].region[0]));
	EXPECT_EQ(VMR_CLAIMED, state_of(&c[2].region[0]));
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &c[0].dev));
	EXPECT_ANSWERS(&c[1].region[0], 0x1000);
	EXPECT_EQ(0, vmr_region_unmap(&m.manager, &c[1].region[0]));
	EXPECT_ANSWERS(&c[2].region[0], 0x1000);
	EXPECT_SOUND();
}

/*
 * Repeating the address keeps the age of a claim; another address makes it
 * younger.
 */
TEST(claim_reprogram_same_keeps_age)
{
	struct probe holder, c[2];

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, claims_up(&holder, c, 2));
	EXPECT_EQ(0, vmr_region_program(&m.manager, &c[0].region[0], 0x1000));
	EXPECT_EQ(0, vmr_region_unmap(&m.manager, &holder.region[0]));
	EXPECT_ANSWERS(&c[0].region[0], 0x1000);

	EXPECT_EQ(0, vmr_region_program(&m.manager, &holder.region[0], 0x1000));
	EXPECT_EQ(0, vmr_region_program(&m.manager, &c[1].region[0], 0x1800));
	EXPECT_EQ(0, vmr_region_program(&m.manager, &c[1].region[0], 0x1000));
	/* Both wait again; the claim of @holder is now the older one. */
	EXPECT_EQ(0, vmr_region_unmap(&m.manager, &c[0].region[0]));
	EXPECT_ANSWERS(&holder.region[0], 0x1000);
	EXPECT_EQ(VMR_CLAIMED, state_of(&c[1].region[0]));
}

/* If several ranges are freed together, the oldest claim becomes live first. */
TEST(oldest_claim_first_on_bulk_free)
{
	struct probe holder, old, young;

	ASSERT_EQ(0, machine_up());
	probe_init(&holder, "holder");
	ASSERT_EQ(0, probe_region_at(&holder, 0, VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_region_at(&holder, 1, VMR_MMIO, 0x2000, 0x1000));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &holder.dev, NULL, NULL));
	ASSERT_EQ(0, probe_up_unmapped(&old, "old", VMR_MMIO, 0x1000));
	ASSERT_EQ(0, probe_up_unmapped(&young, "young", VMR_MMIO, 0x2000));
	ASSERT_EQ(0, vmr_region_program(&m.manager, &old.region[0], 0x2000));
	ASSERT_EQ(0, vmr_region_program(&m.manager, &young.region[0], 0x1000));

	EXPECT_EQ(2, vmr_device_unregister(&m.manager, &holder.dev));
	EXPECT_ANSWERS(&old.region[0], 0x2000);
	EXPECT_EQ(VMR_CLAIMED, state_of(&young.region[0]));
	EXPECT_NULL(responder(VMR_MMIO, 0x1000));
	EXPECT_SOUND();
}

/* A claim that is moved, parked, unmapped or unregistered no longer waits. */
TEST(claim_withdrawn_on_every_path)
{
	struct probe holder, c;
	int way;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, claims_up(&holder, &c, 1));
	for (way = 0; way < 4; way++) {
		EXPECT_EQ(VMR_CLAIMED, state_of(&c.region[0]));
		switch (way) {
		case 0:
			vmr_region_program(&m.manager, &c.region[0], 0x9000);
			EXPECT_ANSWERS(&c.region[0], 0x9000);
			break;
		case 1:
			vmr_region_park(&m.manager, &c.region[0], 0x1000);
			break;
		case 2:
			vmr_region_unmap(&m.manager, &c.region[0]);
			break;
		default:
			EXPECT_EQ(0, vmr_device_unregister(&m.manager, &c.dev));
		}
		EXPECT_EQ(0, vmr_region_unmap(&m.manager, &holder.region[0]));
		EXPECT_NULL(responder(VMR_MMIO, 0x1000)) {
			TH_LOG("path %d", way);
		}
		EXPECT_EQ(0, vmr_region_program(&m.manager, &holder.region[0],
						0x1000));
		vmr_region_program(&m.manager, &c.region[0], 0x1000);
	}
	EXPECT_SOUND();
}

/* Two regions swap their addresses, one of them through a claim. */
TEST(regions_swap_through_claim)
{
	struct probe a, b;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&a, "a", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up(&b, "b", VMR_MMIO, 0x2000, 0x1000));
	EXPECT_EQ(0, vmr_region_program(&m.manager, &a.region[0], 0x2000));
	EXPECT_EQ(VMR_CLAIMED, state_of(&a.region[0]));
	EXPECT_ANSWERS(&b.region[0], 0x2000);
	EXPECT_EQ(0, vmr_region_program(&m.manager, &b.region[0], 0x1000));
	EXPECT_ANSWERS(&a.region[0], 0x2000);
	EXPECT_ANSWERS(&b.region[0], 0x1000);
	EXPECT_SOUND();
}

/* A fixed request may use free addresses that a claim waits for. */
TEST(fixed_request_ignores_claim)
{
	struct probe holder, c, late;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&holder, "holder", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up_unmapped(&c, "c", VMR_MMIO, 0x2000));
	ASSERT_EQ(0, vmr_region_program(&m.manager, &c.region[0], 0x1000));
	/* 0x2000 is free, and the claim waits for it. */
	ASSERT_EQ(0, probe_up(&late, "late", VMR_MMIO, 0x2000, 0x1000));
	EXPECT_ANSWERS(&late.region[0], 0x2000);
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &holder.dev));
	EXPECT_EQ(VMR_CLAIMED, state_of(&c.region[0]));
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &late.dev));
	EXPECT_ANSWERS(&c.region[0], 0x1000);
}

/* Register a device with one region of 0x1000 anywhere in [0x1000, 0x4fff]. */
static int anywhere_up(struct probe *p)
{
	int ret;

	probe_init(p, "anywhere");
	ret = probe_region(p, 0, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000);
	vmr_constraint_init_bounded(probe_want(p), VMR_KIND_MMIO, 0x1000, 0x1000,
				    0x1000, 0x4fff, &p->region[0].range);
	return ret ? ret : vmr_device_register(&m.manager, &p->dev, NULL, NULL);
}

/* Automatic placement never uses the addresses of a claim. */
TEST(auto_placement_avoids_claims)
{
	struct probe holder, c, p[3];

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&holder, "holder", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up_unmapped(&c, "c", VMR_MMIO, 0x2000));
	ASSERT_EQ(0, vmr_region_program(&m.manager, &c.region[0], 0x1000));
	EXPECT_EQ(0, anywhere_up(&p[0]));
	EXPECT_ANSWERS(&p[0].region[0], 0x3000);
	EXPECT_EQ(0, anywhere_up(&p[1]));
	EXPECT_ANSWERS(&p[1].region[0], 0x4000);
	EXPECT_EQ(-ENOSPC, anywhere_up(&p[2]));
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &holder.dev));
	EXPECT_ANSWERS(&c.region[0], 0x1000);
}

/*
 * Automatic placement uses the addresses of a parked region only if no other gap
 * fits.
 */
TEST(auto_placement_uses_parked_last)
{
	struct probe parked, p[4];
	int i;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up_unmapped(&parked, "parked", VMR_MMIO, 0x1000));
	ASSERT_EQ(0, vmr_region_park(&m.manager, &parked.region[0], 0x2000));
	EXPECT_EQ(VMR_PARKED, state_of(&parked.region[0]));
	EXPECT_NULL(responder(VMR_MMIO, 0x2000));
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, anywhere_up(&p[i]));
	EXPECT_ANSWERS(&p[0].region[0], 0x1000);
	EXPECT_ANSWERS(&p[1].region[0], 0x3000);
	EXPECT_ANSWERS(&p[2].region[0], 0x4000);
	EXPECT_ANSWERS(&p[3].region[0], 0x2000);
	/* Programmed again, the parked region becomes a claim. */
	EXPECT_EQ(0, vmr_region_program(&m.manager, &parked.region[0], 0x2000));
	EXPECT_EQ(VMR_CLAIMED, state_of(&parked.region[0]));
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &p[3].dev));
	EXPECT_ANSWERS(&parked.region[0], 0x2000);
	EXPECT_SOUND();
}

/*
 * A parked region does not block a fixed request and does not become live by
 * itself.
 */
TEST(parked_region_blocks_no_request)
{
	struct probe parked, p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&parked, "parked", VMR_MMIO, 0x2000, 0x1000));
	ASSERT_EQ(0, vmr_region_park(&m.manager, &parked.region[0], 0x2000));
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x2000, 0x1000));
	EXPECT_ANSWERS(&p.region[0], 0x2000);
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
	EXPECT_EQ(VMR_PARKED, state_of(&parked.region[0]));
	EXPECT_NULL(responder(VMR_MMIO, 0x2000));
}

TEST_HARNESS_MAIN
