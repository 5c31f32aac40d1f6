/*
 * subject.h - what the works ask of a subject, and what may differ between two of them.
 *
 * A subject is a class that keeps areas, default-constructed empty:
 *
 *     static constexpr const char *name;
 *     bool find(uint64_t address, Area &out) const;
 *     void map(start, end, flags);       the range is free
 *     void replace(start, end, flags);   what is there goes; what sticks out stays
 *     void unmap(start, end);
 *     void protect(start, end, flags);   pieces in the range; boundaries stay, nothing merges
 *     uint64_t top_gap(size, hi) const;  highest start of a free run of `size` that ends at or
 *                                        below hi, or no_gap
 *     void for_each(f) const;            f(start, end, flags), in address order
 *     uint64_t count() const;
 *
 * and where it differs from the usual:
 *
 *     using Found = ...                        what find() fills in, when it is not an Area
 *     static constexpr uint64_t most_updates   more areas than that are not updated one by one
 *     static constexpr uint64_t most_searched  top_gap() is not asked among more areas
 *     void bulk(const std::vector<Area> &);    ascending areas into an empty subject, at once
 */
#ifndef MSET_BENCH_SET_SUBJECT_H
#define MSET_BENCH_SET_SUBJECT_H

#include "area.h"

#include <type_traits>
#include <utility>
#include <vector>

namespace bench {

template <class S, class = void> struct FoundOf { using type = Area; };
template <class S> struct FoundOf<S, std::void_t<typename S::Found>> {
    using type = typename S::Found;
};
template <class S> using Found = typename FoundOf<S>::type;

template <class S, class = void> inline constexpr uint64_t most_updates = UINT64_MAX;
template <class S>
inline constexpr uint64_t most_updates<S, std::void_t<decltype(S::most_updates)>> = S::most_updates;

template <class S, class = void> inline constexpr uint64_t most_searched = UINT64_MAX;
template <class S>
inline constexpr uint64_t most_searched<S, std::void_t<decltype(S::most_searched)>> =
    S::most_searched;

template <class S, class = void> inline constexpr bool has_bulk = false;
template <class S>
inline constexpr bool has_bulk<
    S, std::void_t<decltype(std::declval<S &>().bulk(std::declval<const std::vector<Area> &>()))>> =
    true;

/* Can it only be made at once, and be looked at? */
template <class S, class = void> inline constexpr bool is_static = true;
template <class S>
inline constexpr bool is_static<S, std::void_t<decltype(std::declval<S &>().map(0, 0, 0))>> = false;

template <class S> void map_each(S &subject, const std::vector<Area> &areas) {
    for (const Area &area : areas) {
        subject.map(area.start, area.end, area.flags);
    }
}

template <class S> void map_bulk(S &subject, const std::vector<Area> &ascending) {
    if constexpr (has_bulk<S>) {
        subject.bulk(ascending);
    } else {
        map_each(subject, ascending);
    }
}

/* Areas in a random order, as an address space fills up, where the subject can take that many. */
template <class S>
void map_shuffled(S &subject, const std::vector<Area> &ascending,
                  const std::vector<Area> &shuffled) {
    if constexpr (is_static<S>) {
        subject.bulk(ascending);
    } else if (ascending.size() > most_updates<S>) {
        map_bulk(subject, ascending);
    } else {
        map_each(subject, shuffled);
    }
}

} // namespace bench

#endif
