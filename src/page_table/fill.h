/*
 * fill.h - entries that rise by a constant step, written once and compiled once per kind of
 * processor: the loop is the vectoriser's, the including file says for which registers.
 *
 * A page table is filled at the speed of its stores, so their width is all that matters here.
 */
#ifndef PT_FILL
#error "define PT_FILL as the name of the function first"
#endif

#include "page_table/fill_kinds.h"

void PT_FILL(uint64_t *entries, size_t n, uint64_t first, uint64_t step) {
    for (size_t k = 0; k < n; k++) {
        entries[k] = first + k * step;
    }
}
