/* replay.h - the recorded calls of real programs on a subject. Reading them is not timed. */
#ifndef MSET_BENCH_SET_REPLAY_H
#define MSET_BENCH_SET_REPLAY_H

#include "check.h"
#include "peers/mset.h"
#include "traces.h"
#include "works.h"

#include <memory>
#include <string>
#include <vector>

namespace bench {

/* The address spaces of one run. */
template <class S> class Spaces {
  public:
    explicit Spaces(const Trace &trace) : subjects(trace.spaces) {}

    void take(const Step &step) {
        std::unique_ptr<S> &subject = subjects[step.space];
        switch (step.kind) {
        case Step::make:
            subject = std::make_unique<S>();
            break;
        case Step::copy:
            subject = std::make_unique<S>();
            subjects[step.source]->for_each([&](uint64_t start, uint64_t end, uint64_t flags) {
                subject->map(start, end, flags);
            });
            break;
        case Step::drop:
            subject.reset();
            break;
        case Step::replace:
            subject->replace(step.start, step.end, step.flags);
            break;
        case Step::unmap:
            subject->unmap(step.start, step.end);
            break;
        case Step::protect:
        default:
            subject->protect(step.start, step.end, step.flags);
            break;
        }
    }

    const S *at(uint32_t space) const { return subjects[space].get(); }

  private:
    std::vector<std::unique_ptr<S>> subjects;
};

/* Are the areas those of the library? Looked at now and then, which shows what was wrong before. */
template <class S> void check_replay(const Trace &trace) {
    Spaces<S> spaces(trace);
    Spaces<Mset> expected(trace);
    for (size_t i = 0; i < trace.steps.size(); i++) {
        const Step &step = trace.steps[i];
        spaces.take(step);
        expected.take(step);
        const S *subject = spaces.at(step.space);
        const Mset *set = expected.at(step.space);
        if (subject != nullptr && i % 101 == 0) {
            check_listing(*subject, listing(*set), "a replay");
        }
    }
}

template <class S> void replay(benchmark::State &state, const std::string &name) {
    const Trace &trace = trace_named(name);
    static const Trace *checked = nullptr;
    if (checked != &trace) {
        check_replay<S>(trace);
        checked = &trace;
    }
    Stopwatch watch(state);
    while (state.KeepRunning()) {
        watch.start();
        Spaces<S> spaces(trace);
        for (const Step &step : trace.steps) {
            spaces.take(step);
        }
        watch.stop();
    }
    watch.report_each(trace.calls);
}

template <class S> void add_replays() {
    for (const std::string &name : trace_names()) {
        const std::string full = std::string("replay/") + S::name + "/" + name;
        benchmark::RegisterBenchmark(full.c_str(),
                                     [name](benchmark::State &state) { replay<S>(state, name); });
    }
}

} // namespace bench

#endif
