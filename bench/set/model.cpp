/* model.cpp - the obvious way. */
#include "model.h"

namespace bench {

bool Model::is_free(uint64_t start, uint64_t end) const {
    while (start < end && !space[start].mapped) {
        start++;
    }
    return start == end;
}

void Model::replace(uint64_t start, uint64_t end, uint64_t flags) {
    cut(end);
    for (uint64_t at = start; at < end; at++) {
        space[at] = {true, at == start, flags};
    }
}

void Model::unmap(uint64_t start, uint64_t end) {
    cut(end);
    for (uint64_t at = start; at < end; at++) {
        space[at] = {};
    }
}

void Model::protect(uint64_t start, uint64_t end, uint64_t flags) {
    cut(start);
    cut(end);
    for (uint64_t at = start; at < end; at++) {
        space[at].flags = space[at].mapped ? flags : 0;
    }
}

uint64_t Model::top_gap(uint64_t size, uint64_t hi) const {
    for (uint64_t end = hi; end >= size; end--) {
        if (is_free(end - size, end)) {
            return end - size;
        }
    }
    return no_gap;
}

std::vector<Area> Model::areas() const {
    std::vector<Area> all;
    for (uint64_t at = 0; at < pages; at++) {
        if (space[at].begins) {
            all.push_back({at * page, at * page, space[at].flags, nullptr});
        }
        if (space[at].mapped) {
            all.back().end += page;
        }
    }
    return all;
}

Area Model::find(uint64_t at) const {
    for (const Area &area : areas()) {
        if (area.start <= at * page && at * page < area.end) {
            return area;
        }
    }
    return {};
}

} // namespace bench
