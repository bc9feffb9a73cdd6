#!/usr/bin/env bash
# Runs a clang command that loads the plugin with assertions and sanitizers (target adstencil_plugin_checked).
#
#     tests/checked-clang.sh clang++-22 -fplugin=build/checked/libadstencil.so -c kernel.cpp
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
  echo "checked-clang.sh: $library is missing; install libclang-rt-22-dev (tool/install-deps.sh does)" >&2
  exit 2
fi

export LD_PRELOAD="$library${LD_PRELOAD:+:$LD_PRELOAD}"
# LLVM's arenas poison what they have not handed out yet. Only the instrumented half of this process would do that, and the
# other half hands it out without a word: user poisoning is off.
export ASAN_OPTIONS="detect_leaks=0:allow_user_poisoning=0:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS:-}"
exec "$@"
