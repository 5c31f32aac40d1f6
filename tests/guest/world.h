/*
 * world.h - a guest, its model, a strict KVM and a watching listener; and what all of them must
 * agree on after every call.
 */
#ifndef MSET_TEST_GUEST_WORLD_H
#define MSET_TEST_GUEST_WORLD_H

#include <mset/guest_access.h>
#include <mset/kvm.h>

#include "fake_kvm.h"
#include "model.h"
#include "support/counting_allocator.h"
#include "watcher.h"

struct world;

/* What a region holds, really and by the model. */
struct content {
    struct world *world;
    int region;
    struct mset_region *handle; /* NULL: none */
    bool has_io;
    size_t size;           /* bytes */
    unsigned char *device; /* what handlers read and write; writes to ROM end there */
    unsigned char *shadow_device;
    unsigned char *shadow; /* of memory */
};

struct world_options {
    uint64_t base;
    uint64_t unit;
    bool with_kvm, kvm_first, manual;
};

struct world {
    struct world_options options;
    struct counting_allocator memory;
    struct mset_guest *guest;
    struct mset_guest_cursor cursor;
    struct model model;
    struct content contents[MODEL_REGIONS];
    struct fake_kvm fake;
    struct mset_kvm *kvm;
    struct watcher watcher;
    bool paused;
    uint64_t pauses;
    uint64_t host_live, host_fail_at, host_calls;
    uint64_t synchronized;
    uint64_t to_tell, told; /* bytes of logged memory that were written by the model, and told of */
    bool dirty[MODEL_UNITS];     /* pages of 4 KiB that the next collection has to report */
    bool uncertain[MODEL_UNITS]; /* and those that it may */
    char complaint[256];         /* the first thing that was wrong; empty: nothing */
};

void world_open(struct world *world, const struct world_options *options);
/* Complains if anything is left. */
void world_close(struct world *world);
void world_complain(struct world *world, const char *format, ...);

uint64_t world_address(const struct world *world, uint64_t unit);
/* Fills in what the library wants to make this region. */
struct mset_region_config world_config(struct world *world, int id,
                                       const struct model_region *region);
/* Memory for what the region will hold. */
void world_content_open(struct world *world, int id, const struct model_region *region);
void world_content_close(struct world *world, int id);

/* Everything agrees with model.committed. */
void world_compare(struct world *world);

/* A failing call is made possible: see struct faults. Ends all faults again with a zero one. */
struct world_faults {
    uint64_t alloc, host, kvm; /* the n-th call fails; 0: none */
    bool on;                   /* and all later ones (not of the host) */
    enum watcher_refuses watcher;
};
void world_arm(struct world *world, const struct world_faults *faults);
/* Was anything refused since? Then KVM, if it is lost, is brought back. */
bool world_disarm(struct world *world);

#endif
