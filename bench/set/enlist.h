/*
 * enlist.h - how a subject joins in: its file has one object that puts it on the list. So a peer
 * whose library is missing is left out by not being compiled.
 */
#ifndef MSET_BENCH_SET_ENLIST_H
#define MSET_BENCH_SET_ENLIST_H

#include "check.h"
#include "register.h"
#include "replay.h"
#include "subjects.h"

namespace bench {

/* What is measured of every container that can do it all. */
template <class S> void add_all_works() {
    add_lookups<S>();
    add_updates<S>();
    add_unmap_1000<S>();
    add_builds<S>();
    add_bytes<S>();
    add_replays<S>();
}

template <class S> class Enlisted {
  public:
    Enlisted() { enlist({S::name, add_all_works<S>, check_subject<S>}); }
};

} // namespace bench

#endif
