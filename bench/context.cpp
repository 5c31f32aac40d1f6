/* context.cpp - machine, compiler, allocator, and versions of what is compared. */
#include "context.h"

#include "set/memory.h"

#include <benchmark/benchmark.h>

#include <fstream>
#include <string>

#if __has_include(<absl/base/config.h>)
#include <absl/base/config.h>
#endif
#if __has_include(<boost/version.hpp>)
#include <boost/version.hpp>
#endif

namespace bench {

namespace {

/* The first such line; other architectures than x86 call it something else, or nothing. */
std::string cpu_model() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        if (line.rfind("model name", 0) == 0) {
            return line.substr(line.find(':') + 2);
        }
    }
    return "unknown";
}

const char *compiler() {
#if defined(__clang__)
    return "clang " __clang_version__;
#else
    return "gcc " __VERSION__;
#endif
}

std::string absl_version() {
#if defined(ABSL_LTS_RELEASE_VERSION)
    return std::to_string(ABSL_LTS_RELEASE_VERSION) + "." +
           std::to_string(ABSL_LTS_RELEASE_PATCH_LEVEL);
#else
    return "none";
#endif
}

const char *boost_version() {
#if defined(BOOST_LIB_VERSION)
    return BOOST_LIB_VERSION;
#else
    return "none";
#endif
}

} // namespace

void add_context() {
    benchmark::AddCustomContext("cpu", cpu_model());
    benchmark::AddCustomContext("compiler", compiler());
    benchmark::AddCustomContext("build_type", MSET_BENCH_BUILD_TYPE);
    benchmark::AddCustomContext("allocator", allocator_name());
    benchmark::AddCustomContext("absl", absl_version());
    benchmark::AddCustomContext("boost", boost_version());
}

} // namespace bench
