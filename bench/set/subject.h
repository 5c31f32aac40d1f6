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
 *     uint64_t map_top(size, hi, flags);       top_gap() and map() there, in one
 *     static constexpr uint64_t most_updates   more areas than that are not updated one by one
 *     static constexpr uint64_t most_searched  top_gap() is not asked among more areas
 *     using Item = ...                         what bulk() takes, when it is not an Area; and
 *     static Item item(const Area &);          what an area is there
 *     void bulk(const std::vector<Item> &);    ascending areas into an empty subject, at once
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

template <class S, class = void> struct ItemOf {
    using type = Area;
    static Area of(const Area &area) { return area; }
};
template <class S> struct ItemOf<S, std::void_t<typename S::Item>> {
    using type = typename S::Item;
    static type of(const Area &area) { return S::item(area); }
};
template <class S> using Items = std::vector<typename ItemOf<S>::type>;

/* A list in the form in which the subject's user would have it. */
template <class S> Items<S> items(const std::vector<Area> &areas) {
    Items<S> list;
    list.reserve(areas.size());
    for (const Area &area : areas) {
        list.push_back(ItemOf<S>::of(area));
    }
    return list;
}

template <class S, class = void> inline constexpr bool has_bulk = false;
template <class S>
inline constexpr bool
    has_bulk<S, std::void_t<decltype(std::declval<S &>().bulk(std::declval<const Items<S> &>()))>> =
        true;

template <class S, class = void> inline constexpr bool has_map_top = false;
template <class S> inline constexpr bool has_map_top<S, std::void_t<decltype(&S::map_top)>> = true;

/* Can it only be made at once, and be looked at? */
template <class S, class = void> inline constexpr bool is_static = true;
template <class S>
inline constexpr bool is_static<S, std::void_t<decltype(std::declval<S &>().map(0, 0, 0))>> = false;

template <class S> void map_each(S &subject, const std::vector<Area> &areas) {
    for (const Area &area : areas) {
        subject.map(area.start, area.end, area.flags);
    }
}

/* Where the new area begins, or no_gap. */
template <class S> uint64_t map_top(S &subject, uint64_t size, uint64_t hi, uint64_t flags) {
    if constexpr (has_map_top<S>) {
        return subject.map_top(size, hi, flags);
    } else {
        const uint64_t start = subject.top_gap(size, hi);
        if (start != no_gap) {
            subject.map(start, start + size, flags);
        }
        return start;
    }
}

template <class S> void map_bulk(S &subject, const Items<S> &ascending) {
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
        subject.bulk(items<S>(ascending));
    } else if (ascending.size() > most_updates<S>) {
        map_bulk(subject, items<S>(ascending));
    } else {
        map_each(subject, shuffled);
    }
}

} // namespace bench

#endif
