/*
 * check.h - do all subjects do the same? Before anything is timed, each does thousands of random
 * operations beside the model; the first difference ends the program.
 */
#ifndef MSET_BENCH_SET_CHECK_H
#define MSET_BENCH_SET_CHECK_H

#include "../random.h"
#include "layouts.h"
#include "model.h"
#include "subject.h"

#include <mset/set.h>

#include <initializer_list>
#include <string>

namespace bench {

/* Says what differs, and ends the program. */
[[noreturn]] void differs(const char *subject, const std::string &what);

inline Area as_area(const Area &area) {
    return area;
}
inline Area as_area(const mset_area &area) {
    return {area.start, mset_area_end(&area), area.flags, area.backend};
}

inline bool same(const Area &a, const Area &b) {
    return a.start == b.start && a.end == b.end && a.flags == b.flags && a.backend == b.backend;
}

template <class S> std::vector<Area> listing(const S &subject) {
    std::vector<Area> all;
    subject.for_each([&](uint64_t start, uint64_t end, uint64_t flags) {
        all.push_back({start, end, flags, nullptr});
    });
    return all;
}

template <class S>
void check_listing(const S &subject, const std::vector<Area> &expected, const char *after) {
    const std::vector<Area> found = listing(subject);
    bool equal = found.size() == expected.size();
    for (size_t i = 0; equal && i < found.size(); i++) {
        equal = same(found[i], expected[i]);
    }
    if (!equal) {
        differs(S::name, std::string("its areas after ") + after);
    }
}

template <class S> void check_find(const S &subject, uint64_t address, const Area &expected) {
    Found<S> found = {};
    const bool is_there = subject.find(address, found);
    if (is_there != (expected.end != 0) || (is_there && !same(as_area(found), expected))) {
        differs(S::name, "find");
    }
}

template <class S>
void map_top_both(S &subject, Model &model, uint64_t hi, uint64_t size, uint64_t serial) {
    const uint64_t expected = model.top_gap(size, hi);
    const uint64_t found = map_top(subject, size * page, hi * page, serial);
    if (found != (expected == no_gap ? no_gap : expected * page)) {
        differs(S::name, "map_top");
    }
    if (expected != no_gap) {
        model.replace(expected, expected + size, serial);
    }
}

/* One random operation on both; returns its name. */
template <class S>
const char *step_both(S &subject, Model &model, Random &random, uint64_t serial) {
    /* Sizes from one page to a quarter of the space, small ones more often. */
    const uint64_t size = 1 + random.below(1 + random.below(Model::pages / 4));
    const uint64_t start = random.below(Model::pages - size + 1), end = start + size;
    switch (random.below(6)) {
    case 5:
        map_top_both(subject, model, start + size, size, serial);
        return "map_top";
    case 0:
        subject.unmap(start * page, end * page);
        model.unmap(start, end);
        return "unmap";
    case 1:
    case 2:
        subject.protect(start * page, end * page, serial);
        model.protect(start, end, serial);
        return "protect";
    case 3:
        if (model.is_free(start, end)) {
            subject.map(start * page, end * page, serial);
            model.replace(start, end, serial);
            return "map";
        }
        [[fallthrough]];
    default:
        subject.replace(start * page, end * page, serial);
        model.replace(start, end, serial);
        return "replace";
    }
}

template <class S> void check_top_gap(const S &subject, const Model &model, Random &random) {
    const uint64_t size = 1 + random.below(8);
    const uint64_t hi = size + random.below(Model::pages - size + 1);
    const uint64_t expected = model.top_gap(size, hi);
    const uint64_t found = subject.top_gap(size * page, hi * page);
    if (found != (expected == no_gap ? no_gap : expected * page)) {
        differs(S::name, "top_gap");
    }
}

template <class S> void check_updates() {
    Random random;
    for (int round = 0; round < 20; round++) {
        S subject;
        Model model;
        for (uint64_t serial = 1; serial <= 300; serial++) {
            const char *what = step_both(subject, model, random, serial);
            check_listing(subject, model.areas(), what);
            const uint64_t at = random.below(Model::pages);
            check_find(subject, at * page + random.below(page), model.find(at));
            check_top_gap(subject, model, random);
            if (subject.count() != model.areas().size()) {
                differs(S::name, "count");
            }
        }
    }
}

template <class S> void check_built(const S &subject, const std::vector<Area> &areas) {
    check_listing(subject, areas, "a build");
    for (const Area &area : areas) {
        check_find(subject, area.start, area);
        check_find(subject, area.end - 1, area);
        check_find(subject, area.end, {});
        if (area.start != 0) {
            check_find(subject, area.start - 1, {});
        }
    }
}

/* Many areas, so that there are several levels, built in each way: every area and every hole. */
template <class S> void check_builds(uint64_t n) {
    const SlotLayout &slots = slot_layout(n);
    S shuffled, at_once;
    map_shuffled(shuffled, slots.ascending, slots.shuffled);
    check_built(shuffled, slots.ascending);
    map_bulk(at_once, items<S>(slots.ascending));
    check_built(at_once, slots.ascending);
}

template <class S> void check_subject() {
    if constexpr (!is_static<S>) {
        check_updates<S>();
    }
    for (const uint64_t n : std::initializer_list<uint64_t>{1, 2, 16, 17, 300, 5000}) {
        check_builds<S>(n);
    }
}

} // namespace bench

#endif
