/*
 * split.cpp - protect of 1..16 random pages in a merging set whose flags have one of four values:
 * every call cuts areas and lets others grow together. The number of areas stays near n.
 */
#include "split.h"

#include "peers/mset.h"
#include "register.h"

namespace bench {

namespace {

/*
 * A run makes two boundaries, each real with probability 3/4, and clears those in its 8.5 pages:
 * they balance at 1.5 boundaries in 8.5 pages.
 */
class Split {
  public:
    explicit Split(uint64_t n) : subject(MSET_MERGE), pages(n * 17 / 3) {
        subject.map(0, pages * page, 0);
        for (uint64_t i = 0; i < 4 * n; i++) {
            protect();
        }
    }
    void protect() {
        const uint64_t number = random.next(), size = 1 + number % 16;
        const uint64_t start = Random::scale(number, pages - size + 1);
        subject.protect(start * page, (start + size) * page, number / 16 % 4);
    }

    uint64_t count() const { return subject.count(); }

  private:
    Mset subject;
    uint64_t pages;
    Random random;
};

void split(benchmark::State &state) {
    Split &space = kept<Split>(areas_of(state));
    Stopwatch watch(state);
    watch.start();
    while (state.KeepRunning()) {
        space.protect();
    }
    watch.stop();
    watch.report_each(1);
    state.counters["areas"] = static_cast<double>(space.count());
}

} // namespace

void add_split() {
    add_work("split", Mset::name, split);
}

} // namespace bench
