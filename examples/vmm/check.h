/* check.h - what is verified: each check is a function that complains, and says what it has seen.
 */
#ifndef VMM_CHECK_H
#define VMM_CHECK_H

#include <stdbool.h>

#include "work.h"

struct check {
    const char *complaint; /* the first one; NULL: all is well */
    char figures[240];
};

/* Complains unless it holds; returns whether it does. */
bool check_that(struct check *check, bool holds, const char *complaint);

/* What the line that is printed says, as printf. */
__attribute__((format(printf, 2, 3))) void check_saw(struct check *check, const char *format, ...);

void check_walk(struct check *check, struct work *work);
void check_split(struct check *check, struct work *work);
void check_split_unpaused(struct check *check, struct work *work);
void check_dirty(struct check *check, struct work *work);
void check_rollback(struct check *check, struct work *work);
void check_bar(struct check *check, struct work *work);
void check_video(struct check *check, struct work *work);
void check_rom(struct check *check, struct work *work);
void check_demand(struct check *check, struct work *work);
void check_discard(struct check *check, struct work *work);
void check_sum(struct check *check, struct work *work);

#endif
