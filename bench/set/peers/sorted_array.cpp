/*
 * sorted_array.cpp - areas in sorted arrays, one of starts and one of the rest, searched without
 * branches. Updates move everything behind them.
 */
#include "../enlist.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace bench {

namespace {

class SortedArray {
  public:
    static constexpr const char *name = "sorted_array";
    static constexpr uint64_t most_updates = 10000;
    static constexpr uint64_t most_searched = 10000;

    bool find(uint64_t address, Area &out) const {
        const size_t at = rank(address);
        if (at == 0 || rests[at - 1].end <= address) {
            return false;
        }
        out = area(at - 1);
        return true;
    }

    void map(uint64_t start, uint64_t end, uint64_t flags) {
        const size_t at = starts.empty() || starts.back() < start ? starts.size() : rank(start);
        starts.insert(starts.begin() + offset(at), start);
        rests.insert(rests.begin() + offset(at), {end, flags, nullptr});
    }

    void replace(uint64_t start, uint64_t end, uint64_t flags) {
        const Span span = touched(start, end);
        Area pieces[3];
        size_t n = head(span, start, pieces);
        pieces[n++] = {start, end, flags, nullptr};
        n = tail(span, end, pieces, n);
        splice(span, pieces, n);
    }

    void unmap(uint64_t start, uint64_t end) {
        const Span span = touched(start, end);
        Area pieces[2];
        size_t n = head(span, start, pieces);
        n = tail(span, end, pieces, n);
        splice(span, pieces, n);
    }

    void protect(uint64_t start, uint64_t end, uint64_t flags) {
        Span span = touched(start, end);
        if (span.first == span.past) {
            return;
        }
        const Area last = area(span.past - 1);
        if (last.end > end) {
            rests[span.past - 1].end = end;
        }
        Area pieces[2];
        size_t n = head(span, start, pieces);
        if (n != 0) { /* the first one becomes two */
            pieces[n++] = {start, rests[span.first].end, flags, rests[span.first].backend};
            splice({span.first, span.first + 1}, pieces, n);
            span.first++, span.past++;
        }
        for (size_t at = span.first; at < span.past; at++) {
            rests[at].flags = flags;
        }
        if (last.end > end) {
            const Area beyond = {end, last.end, last.flags, last.backend};
            splice({span.past, span.past}, &beyond, 1);
        }
    }

    uint64_t top_gap(uint64_t size, uint64_t hi) const {
        for (size_t at = hi == 0 ? 0 : rank(hi - 1); at != 0; hi = starts[--at]) {
            const uint64_t end = rests[at - 1].end;
            if (end <= hi && hi - end >= size) {
                return hi - size;
            }
        }
        return hi >= size ? hi - size : no_gap;
    }

    template <class F> void for_each(F f) const {
        for (size_t at = 0; at < starts.size(); at++) {
            f(starts[at], rests[at].end, rests[at].flags);
        }
    }

    uint64_t count() const { return starts.size(); }

    void bulk(const std::vector<Area> &ascending) {
        starts.reserve(ascending.size());
        rests.reserve(ascending.size());
        for (const Area &one : ascending) {
            starts.push_back(one.start);
            rests.push_back({one.end, one.flags, one.backend});
        }
    }

  private:
    struct Rest {
        uint64_t end;
        uint64_t flags;
        void *backend;
    };
    struct Span {
        size_t first;
        size_t past;
    };

    static std::ptrdiff_t offset(size_t at) { return static_cast<std::ptrdiff_t>(at); }

    Area area(size_t at) const {
        return {starts[at], rests[at].end, rests[at].flags, rests[at].backend};
    }

    /* How many start at or below the address: the steps are the same for all, only sums differ. */
    size_t rank(uint64_t address) const {
        const uint64_t *base = starts.data();
        size_t n = starts.size();
        if (n == 0) {
            return 0;
        }
        while (n > 1) {
            const size_t half = n / 2;
            base += static_cast<size_t>(base[half - 1] <= address) * half;
            n -= half;
        }
        return static_cast<size_t>(base - starts.data()) + static_cast<size_t>(*base <= address);
    }

    /* The areas that share a byte with the range, which are few: counted on from the first. */
    Span touched(uint64_t start, uint64_t end) const {
        size_t first = rank(start);
        if (first != 0 && rests[first - 1].end > start) {
            first--;
        }
        size_t past = first;
        while (past < starts.size() && starts[past] < end) {
            past++;
        }
        return {first, past};
    }

    size_t head(const Span &span, uint64_t start, Area *pieces) const {
        if (span.first == span.past || starts[span.first] >= start) {
            return 0;
        }
        pieces[0] = area(span.first);
        pieces[0].end = start;
        return 1;
    }

    size_t tail(const Span &span, uint64_t end, Area *pieces, size_t n) const {
        if (span.first != span.past && rests[span.past - 1].end > end) {
            pieces[n] = area(span.past - 1);
            pieces[n++].start = end;
        }
        return n;
    }

    /* One move per array: pieces[0..n) instead of the span. */
    void splice(const Span &span, const Area *pieces, size_t n) {
        const size_t had = span.past - span.first;
        if (n > had) {
            starts.insert(starts.begin() + offset(span.past), n - had, 0);
            rests.insert(rests.begin() + offset(span.past), n - had, Rest{});
        } else if (n < had) {
            starts.erase(starts.begin() + offset(span.first + n),
                         starts.begin() + offset(span.past));
            rests.erase(rests.begin() + offset(span.first + n), rests.begin() + offset(span.past));
        }
        for (size_t i = 0; i < n; i++) {
            starts[span.first + i] = pieces[i].start;
            rests[span.first + i] = {pieces[i].end, pieces[i].flags, pieces[i].backend};
        }
    }

    std::vector<uint64_t> starts;
    std::vector<Rest> rests;
};

const Enlisted<SortedArray> here;

} // namespace

} // namespace bench
