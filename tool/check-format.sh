#!/usr/bin/env bash
# Checks that every C++ file of adstencil is formatted as .clang-format says; --fix formats them.
#
# tests/lit is left out: there a line break inside a kernel can be what a test is about.
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mode=(--dry-run -Werror)
[[ ${1:-} == --fix ]] && mode=(-i)

mapfile -t files < <(find plugin runtime examples tests bench -type f \( -name '*.h' -o -name '*.cpp' -o -name '*.cu' \) \
  -not -path 'tests/lit/*' | LC_ALL=C sort)
if [[ ${#files[@]} -eq 0 ]]; then
  echo "check-format: found no sources" >&2
  exit 1
fi
clang-format-22 "${mode[@]}" "${files[@]}"
echo "check-format: ${#files[@]} files"
