/*
 * flags.h - flag words as strace prints them: names, numbers and `N<<MAP_HUGE_SHIFT`, joined
 * by `|`.
 */
#ifndef REPLAY_FLAGS_H
#define REPLAY_FLAGS_H

#include "text.h"

/*
 * Each sets *bits and returns NULL, or says what is wrong. A name that is not known is wrong for
 * the first three: it might change what the call does to the map. Any flag is fine for clone,
 * where only CLONE_VM and CLONE_THREAD matter.
 */
const char *flags_protection(struct text text, uint32_t *bits);
const char *flags_mmap(struct text text, uint32_t *bits);
const char *flags_mremap(struct text text, uint32_t *bits);
const char *flags_clone(struct text text, uint32_t *bits);

#endif
