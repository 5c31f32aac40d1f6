/* fill_kinds.h - the fills there are; see fill.c for which is taken. */
#ifndef MSET_SRC_PAGE_TABLE_FILL_KINDS_H
#define MSET_SRC_PAGE_TABLE_FILL_KINDS_H

#include <stddef.h>
#include <stdint.h>

void mset_pt_fill_portable(uint64_t *entries, size_t n, uint64_t first, uint64_t step);
void mset_pt_fill_avx2(uint64_t *entries, size_t n, uint64_t first, uint64_t step);
void mset_pt_fill_avx512(uint64_t *entries, size_t n, uint64_t first, uint64_t step);

#endif
