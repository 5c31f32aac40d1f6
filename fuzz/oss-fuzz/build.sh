#!/usr/bin/env bash
# Builds the fuzz targets as OSS-Fuzz asks: with $CC $CFLAGS and $CXX $CXXFLAGS, linked with
# $LIB_FUZZING_ENGINE, into $OUT, beside each target its seeds, its dictionary and its options.
# Whatever sanitizer and engine that is: the flags say so, nothing here does.
set -eu
cd -P "$SRC/mset"

# shellcheck disable=SC2154 # $WORK, $OUT and the like come from OSS-Fuzz
build=$WORK/mset
cmake -G Ninja -S . -B "$build" \
    -D CMAKE_BUILD_TYPE=None -D CMAKE_C_COMPILER="$CC" -D CMAKE_CXX_COMPILER="$CXX" \
    -D CMAKE_C_FLAGS="$CFLAGS" -D CMAKE_CXX_FLAGS="$CXXFLAGS" \
    -D MSET_FUZZ_ENGINE="$LIB_FUZZING_ENGINE" -D MSET_DEBUG_LEVEL=2 \
    -D MSET_BUILD_TESTS=OFF -D MSET_BUILD_BENCH=OFF -D MSET_INSTALL=OFF -D MSET_JEMALLOC=OFF
cmake --build "$build" --parallel "${MSET_JOBS:-$(nproc)}" --target fuzzers

while read -r target longest; do
    for program in "$build/bin/$target" "$build/bin/$target-small"; do
        [ -x "$program" ] || continue
        name=$(basename "$program")
        cp "$program" "$OUT/"
        python3 fuzz/seeds/bundle.py zip "fuzz/seeds/$target.seeds" "$OUT/${name}_seed_corpus.zip"
        printf '[libfuzzer]\nmax_len = %s\nlen_control = 0\ntimeout = 25\n' "$longest" \
            >"$OUT/$name.options"
        if [ -r "fuzz/$target.dict" ]; then
            cp "fuzz/$target.dict" "$OUT/$name.dict"
            echo "dict = $name.dict" >>"$OUT/$name.options"
        fi
    done
done < <(grep '^fuzz_' fuzz/targets)
