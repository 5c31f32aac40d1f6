/* context.h - on what, and with what, the figures were made: for the head of the results. */
#ifndef MSET_BENCH_SET_CONTEXT_H
#define MSET_BENCH_SET_CONTEXT_H

namespace bench {

void add_context();

} // namespace bench

#endif
