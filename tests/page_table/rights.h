/* rights.h - what flags should mean to a processor. */
#ifndef MSET_TEST_PAGE_TABLE_RIGHTS_H
#define MSET_TEST_PAGE_TABLE_RIGHTS_H

#include <stdint.h>

/* The six rights of mmu_model.h that a leaf with these flags should give. */
unsigned rights_of(const char *format, uint64_t flags);

#endif
