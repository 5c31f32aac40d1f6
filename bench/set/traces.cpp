/* traces.cpp - reads traces with the parts of mset-replay, and takes their operations apart. */
#include "traces.h"

#include "peers/mset.h"

extern "C" {
#include "input.h"
#include "process.h"
}

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>

namespace bench {

namespace {

constexpr const char *ending = ".strace.xz";

/* ---- operations into steps ---------------------------------------------------------------- */

/* Follows the areas itself: what an mremap does depends on what is there. */
class Steps {
  public:
    explicit Steps(const program &program) : sets(program.spaces) {
        trace.spaces = program.spaces;
        trace.calls = program.calls;
        for (size_t i = 0; i < program.count; i++) {
            add(program.ops[i]);
        }
    }

    const Trace &all() const { return trace; }

  private:
    void add(const op &op) {
        space = op.space;
        const uint64_t end = op.start + op.size;
        switch (op.kind) {
        case OP_NEW:
            push(Step::make);
            sets[space] = std::make_unique<Mset>();
            break;
        case OP_COPY:
            push(Step::copy, op.source);
            sets[space] = std::make_unique<Mset>();
            sets[op.source]->for_each([&](uint64_t start, uint64_t past, uint64_t flags) {
                sets[space]->map(start, past, flags);
            });
            break;
        case OP_DROP:
            push(Step::drop);
            sets[space].reset();
            break;
        case OP_MAP:
            replace(op.start, end, serial++);
            break;
        case OP_UNMAP:
            unmap(op.start, end);
            break;
        case OP_PROTECT:
            push(Step::protect, 0, op.start, end, serial);
            sets[space]->protect(op.start, end, serial++);
            break;
        case OP_REMAP:
            remap(op);
            break;
        case OP_MAPS_READ:
        default:
            break;
        }
    }

    void push(Step::Kind kind, uint32_t source = 0, uint64_t start = 0, uint64_t end = 0,
              uint64_t flags = 0) {
        trace.steps.push_back({kind, space, source, start, end, flags});
    }
    void replace(uint64_t start, uint64_t end, uint64_t flags) {
        push(Step::replace, 0, start, end, flags);
        sets[space]->replace(start, end, flags);
    }
    void unmap(uint64_t start, uint64_t end) {
        push(Step::unmap, 0, start, end);
        sets[space]->unmap(start, end);
    }

    /* [start, end) becomes like the area at `like`, or free if there is none. */
    void extend(uint64_t start, uint64_t end, uint64_t like) {
        mset_area area;
        if (sets[space]->find(like, area)) {
            replace(start, end, area.flags);
        } else {
            unmap(start, end); /* from before the trace: unknown */
        }
    }

    void remap(const op &op) {
        const uint64_t size = op.extra, kept = std::min(op.size, size);
        if (op.size == 0) { /* a second mapping of the same */
            extend(op.to, op.to + size, op.start);
            return;
        }
        if (kept < op.size) {
            unmap(op.start + kept, op.start + op.size);
        }
        if (op.to != op.start) {
            carry(op.start, op.start + kept, op.to);
        }
        if (kept < size) {
            extend(op.to + kept, op.to + size, op.to + kept - 1);
        }
    }

    void carry(uint64_t start, uint64_t end, uint64_t to) {
        std::vector<Area> pieces;
        sets[space]->for_each([&](uint64_t from, uint64_t past, uint64_t flags) {
            if (from < end && past > start) {
                pieces.push_back({std::max(from, start), std::min(past, end), flags, nullptr});
            }
        });
        unmap(start, end);
        unmap(to, to + (end - start));
        for (const Area &piece : pieces) {
            replace(piece.start - start + to, piece.end - start + to, piece.flags);
        }
    }

    Trace trace;
    std::vector<std::unique_ptr<Mset>> sets;
    uint32_t space = 0;
    uint64_t serial = 1;
};

/* ---- files -------------------------------------------------------------------------------- */

bool feed(void *arg, const char *bytes, size_t size, trouble *trouble) {
    return trace_feed(static_cast<struct trace *>(arg), bytes, size, trouble);
}

Trace read(const std::string &name) {
    const std::string path = std::string(MSET_BENCH_TRACES "/") + name + ending;
    trouble trouble = {};
    struct trace calls;
    program program = {};
    trace_init(&calls);
    if (!input_read(path.c_str(), feed, &calls, &trouble) || !trace_finish(&calls, &trouble) ||
        !program_make(&calls, &program, &trouble)) {
        trouble_print(&trouble, path.c_str(), stderr);
        std::abort();
    }
    trace_free(&calls);
    Trace trace = Steps(program).all();
    program_free(&program);
    return trace;
}

} // namespace

std::vector<std::string> trace_names() {
    std::vector<std::string> names;
    for (const auto &file : std::filesystem::directory_iterator(MSET_BENCH_TRACES)) {
        const std::string name = file.path().filename().string();
        const size_t at = name.rfind(ending);
        if (at != std::string::npos) {
            names.push_back(name.substr(0, at));
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

const Trace &trace_named(const std::string &name) {
    static std::map<std::string, Trace> all;
    auto at = all.find(name);
    if (at == all.end()) {
        at = all.emplace(name, read(name)).first;
    }
    return at->second;
}

} // namespace bench
