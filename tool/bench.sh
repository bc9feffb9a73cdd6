#!/usr/bin/env bash
# Builds the benchmark of adjoint kernels and runs it: verifies every result, prints one table, writes out/bench.json.
#
#     tool/bench.sh                        all kernels at full size (some 15 minutes on 2 cores, 6 GB of memory)
#     tool/bench.sh --quick                small sizes, seconds; the times of small sizes say little
#     tool/bench.sh wave-3d                only kernels whose kernel/form matches a regular expression
#     tool/bench.sh --quick 'ice|weno' --repetitions 3
#
# Further options go to the program; build-bench/bench/adjoint_kernels/adjoint_kernels --help lists them. OpenMP forms use
# OMP_NUM_THREADS threads. BENCH_CMAKE_ARGS in the environment holds further arguments for CMake, for example
# -DADSTENCIL_BENCH_OPENMP=OFF. docs/benchmarks.md explains the table. Exit code 1: a result is wrong.
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

arguments=()
filter=
while [[ $# -gt 0 ]]; do
  case "$1" in
    --help) sed -n '2,12s/^# \{0,1\}//p' tool/bench.sh; exit 0 ;;
    --repetitions | --json | --filter) arguments+=("$1" "${2:?$1 needs a value}"); shift ;;
    -*) arguments+=("$1") ;;
    *)
      [[ -z $filter ]] || { echo "bench: one filter at most, got '$filter' and '$1'" >&2; exit 2; }
      filter=$1
      arguments+=(--filter "$1")
      ;;
  esac
  shift
done

stage() { echo "[$(date +%H:%M:%S), ${SECONDS}s] $*" >&2; }

stage "packages"
tool/install-deps.sh >&2

stage "configure and build in build-bench/"
read -r -a cmake_arguments <<<"${BENCH_CMAKE_ARGS:-}"
cmake -S . -B build-bench -G Ninja -DCMAKE_CXX_COMPILER=clang++-22 -DCMAKE_BUILD_TYPE=Release \
  -DADSTENCIL_BUILD_BENCHMARKS=ON -DADSTENCIL_BUILD_TESTS=OFF -DADSTENCIL_BUILD_EXAMPLES=OFF \
  ${cmake_arguments[@]+"${cmake_arguments[@]}"} >&2
cmake --build build-bench --parallel "$(nproc)" --target adjoint_kernels >&2

stage "run"
mkdir -p out
build-bench/bench/adjoint_kernels/adjoint_kernels --json out/bench.json ${arguments[@]+"${arguments[@]}"}
stage "done: $PWD/out/bench.json"
