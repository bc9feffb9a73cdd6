#!/usr/bin/env bash
# From a fresh clone to an inverse problem solved: installs what is missing, builds the plugin and one example, and
# recovers a permeability map from pressures at 64 wells. Writes out/geothermal.png and out/geothermal.json.
#
#     tool/demo.sh                    the whole thing, 127 x 63 cells
#     tool/demo.sh --nx 63 --ny 31    arguments replace the example's --nx 127 --ny 63
#
# The example is one CUDA source. With a CUDA toolkit it is compiled for GPUs and for the CPU, and runs on a GPU if there is
# one; without, it is compiled for the CPU alone. The program says which device it used. ADSTENCIL_DEVICE=cpu or cuda
# decides otherwise.
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [[ ${1:-} == --help ]]; then
  sed -n '2,10s/^# \{0,1\}//p' tool/demo.sh
  exit 0
fi

stage() { printf '\n[%4ds] %s\n' "$SECONDS" "$*"; }

stage "1/4 packages"
tool/install-deps.sh

stage "2/4 configure"
cmake --preset default

stage "3/4 build the plugin, the runtime and the example"
cmake --build --preset default --parallel "$(nproc)" --target 10-geothermal-2d

stage "4/4 geothermal inversion"
[[ $# -gt 0 ]] || set -- --nx 127 --ny 63
mkdir -p out
build/examples/10-geothermal-2d/10-geothermal-2d --out out "$@"

stage "done"
echo "picture: $PWD/out/geothermal.png"
echo "numbers: $PWD/out/geothermal.json"
