#!/usr/bin/env bash
# Installs what adstencil needs from Debian's own packages. Safe to run again: what is there is left alone.
#
#     tool/install-deps.sh            install what is missing
#     tool/install-deps.sh --list     print the packages and exit
#     tool/install-deps.sh --check    exit 0 if everything is installed, 1 and a list if not
#
# Debian 12 (bookworm) with its security updates, from which clang 22 comes. As root, or with sudo.
# Exit codes: 0 everything is there, 1 it is not, 2 wrong use.
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set -euo pipefail

build_tools=(ca-certificates git cmake ninja-build ccache python3)
compiler=(clang-22 llvm-22-dev libclang-22-dev libclang-cpp22-dev libstdc++-12-dev lld-22 libclang-rt-22-dev)
libraries=(libboost1.81-dev libboost-json1.81-dev libboost-program-options1.81-dev libboost-context1.81-dev libtbb-dev libnlopt-dev libnlopt-cxx-dev)
results=(gnuplot-nox)
testing=(libgtest-dev libbenchmark-dev libmpfr-dev llvm-22-tools clang-tools-22 clang-format-22 clang-tidy-22)
# Debian has one release of the OpenMP runtime installed at a time. What is there stays: older ones do all but dynamic
# schedules.
openmp=libomp-22-dev
for other in $(dpkg-query -W -f '${Package}=${db:Status-Status}\n' 'libomp-*-dev' 2>/dev/null | sed -n 's/=installed$//p'); do
  openmp=$other
done
testing+=("$openmp")
packages=("${build_tools[@]}" "${compiler[@]}" "${libraries[@]}" "${results[@]}" "${testing[@]}")

say() { echo "install-deps: $*"; }
fail() { say "$*" >&2; exit 1; }

installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

usage() { sed -n '2,9s/^# \{0,1\}//p' "$0"; }

mode=install
case "${1:-}" in
  "") ;;
  --list) printf '%s\n' "${packages[@]}"; exit 0 ;;
  --check) mode=check ;;
  --help) usage; exit 0 ;;
  *) usage >&2; exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  fail "this is not Debian (no apt). Install by hand: clang 22 with its headers, CMake 3.25, Ninja, Boost 1.81, NLopt," \
    "gnuplot, GoogleTest, MPFR; then run cmake --preset default."
fi

missing=()
for package in "${packages[@]}"; do
  installed "$package" || missing+=("$package")
done
if [[ ${#missing[@]} -eq 0 ]]; then
  say "all ${#packages[@]} packages are installed"
  exit 0
fi
if [[ $mode == check ]]; then
  fail "missing: ${missing[*]}"
fi

release=$(. /etc/os-release && echo "${ID:-?} ${VERSION_ID:-?}")
if [[ $release != "debian 12" ]]; then
  say "note: written for debian 12, this is $release; package names may differ" >&2
fi

as_root=()
if [[ $EUID -ne 0 ]]; then
  command -v sudo >/dev/null || fail "${#missing[@]} packages are missing and this is neither root nor is there sudo: ${missing[*]}"
  as_root=(sudo)
  [[ -t 0 ]] || as_root=(sudo -n)
fi

apt() {
  # The lock may be held by the machine's own upgrades for a while.
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
    -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 "$@" </dev/null
}

say "installing ${#missing[@]} of ${#packages[@]} packages: ${missing[*]}"
apt update || say "warning: the package lists could not be refreshed; trying with what is there" >&2

unknown=()
for package in "${missing[@]}"; do
  [[ -n $(apt-cache madison "$package" 2>/dev/null) ]] || unknown+=("$package")
done
if [[ ${#unknown[@]} -gt 0 ]]; then
  say "the package sources of this machine do not have: ${unknown[*]}" >&2
  say "clang 22 is in Debian 12's security updates: enable the suite bookworm-security, component main," >&2
  say "of debian-security in /etc/apt/sources.list or /etc/apt/sources.list.d/" >&2
  exit 1
fi

# --no-remove: a machine with another Boost's headers installed keeps them; the person decides.
apt install --no-install-recommends --no-remove "${missing[@]}" ||
  fail "apt-get could not install them (its reason is above; if it wanted to remove packages, remove those by hand first)"

for package in "${missing[@]}"; do
  installed "$package" || fail "apt-get reported success but $package is not installed"
done
say "done"
