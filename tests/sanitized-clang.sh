#!/usr/bin/env bash
# Runs a clang command whose -fplugin= was built with -DADSTENCIL_SANITIZE=ON.
#
#     tests/sanitized-clang.sh clang++-22 -fplugin=build/sanitize/lib/libadstencil.so -c kernel.cpp
#
# AddressSanitizer must be the first library in a process. The distribution's clang is built without it, so it is
# preloaded here. Leaks are not looked for: clang leaves its memory to the operating system on purpose.
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set -euo pipefail

if [[ $# -eq 0 || $1 == --help ]]; then
  sed -n '2,7s/^# \{0,1\}//p' "$0"
  exit 2
fi

clang=$1
library="$("$clang" -print-runtime-dir)/libclang_rt.asan-$(uname -m).so"
if [[ ! -e $library ]]; then
  echo "sanitized-clang.sh: $library is missing; install libclang-rt-22-dev (tool/install-deps.sh does)" >&2
  exit 2
fi

export LD_PRELOAD="$library${LD_PRELOAD:+:$LD_PRELOAD}"
export ASAN_OPTIONS="detect_leaks=0:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS:-}"
exec "$@"
