/* descend_portable.c - search for any processor, and for kernels that may not touch vectors. */
#define AT_DESCENT mset_at_descent_portable
#define AT_DESCENT_NAME "portable"
#include "rank_portable.h"

#include "descend.h"
