/*
 * lodger.h - somebody who owns a share of every frame that a mset_cow maps, from the moment it is
 * mapped: what a child that was forked then, and lives as long as the world, would be to it.
 */
#ifndef MSET_TEST_CONFORMANCE_LODGER_H
#define MSET_TEST_CONFORMANCE_LODGER_H

#include <mset/cow.h>

struct lodger;

/* Has the backend populate what it maps, and moves in. NULL: no memory. */
struct lodger *lodger_open(struct mset_cow *cow);
/* Gives up all shares. */
void lodger_close(struct lodger *lodger);
/* Bytes that nobody owns but the lodger: no longer in use by anybody else. */
uint64_t lodger_alone(const struct lodger *lodger);

#endif
