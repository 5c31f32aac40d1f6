/* search_portable.c - search for any processor, and for kernels that may not touch vectors. */
#define AT_SEARCH mset_at_search_portable
#define AT_SEARCH_NAME "portable"
#include "lanes_portable.h"

#include "search.h"
