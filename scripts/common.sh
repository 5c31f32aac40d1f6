# Read by the other scripts: where things are, and how a step is run and reported.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit
logs=$root/build/logs
mkdir -p "$logs"
jobs=${MSET_JOBS-$(nproc)}

now() { echo "${EPOCHREALTIME//[!0-9]/}"; } # microseconds, whatever the locale's decimal point

# report VERDICT SINCE TEXT: one line per step.
report() {
    local tenths=$((($(now) - $2) / 100000))
    printf '%-6s %4d.%d s  %s\n' "$1" $((tenths / 10)) $((tenths % 10)) "$3"
}

# step NAME COMMAND...: run the command into a log; show the log only when it fails.
step() {
    local name=$1 log=$logs/${1//[^A-Za-z0-9]/-}.log since
    shift
    since=$(now)
    if "$@" >"$log" 2>&1 </dev/null; then
        report ok "$since" "$name"
    else
        report FAILED "$since" "$name"
        cat "$log"
        return 1
    fi
}

# build PRESET [TARGET...]: configure and build; CMake does nothing where nothing changed.
build() {
    local preset=$1
    shift
    cmake --preset "$preset"
    cmake --build --preset "$preset" --parallel "$jobs" ${1:+--target "$@"}
}

# own_files FIND-ARGUMENTS...: the project's files of a kind, without what was built.
own_files() { find .ci bench examples fuzz include scripts src tests -type f "$@" | sort; }
