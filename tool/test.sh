#!/usr/bin/env bash
# Installs what is missing, builds everything, checks the formatting and runs every test. Exit code 0: all is well.
#
#     tool/test.sh                    everything
#     tool/test.sh -R laws            further arguments go to ctest
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [[ ${1:-} == --help ]]; then
  sed -n '2,5s/^# \{0,1\}//p' tool/test.sh
  exit 0
fi

stage() { printf '\n[%s, %ds] %s\n' "$(date +%H:%M:%S)" "$SECONDS" "$*"; }

stage "packages"
tool/install-deps.sh

stage "configure"
cmake --preset default -DADSTENCIL_BUILD_BENCHMARKS=ON

stage "build"
cmake --build --preset default --parallel "$(nproc)"

stage "formatting"
status=0
tool/check-format.sh || status=$?

stage "tests"
ctest --preset default --parallel "$(nproc)" --output-junit "$PWD/build/tests.xml" "$@" </dev/null || status=$?

attribute() { sed -n "s/^[[:space:]]*$1=\"\([0-9]*\)\".*/\1/p" build/tests.xml | head -n 1; }
echo
echo "tests run: $(($(attribute tests) - $(attribute skipped) - $(attribute disabled)))," \
  "failed: $(attribute failures), skipped: $(attribute skipped), in ${SECONDS} s"
exit "$status"
