#!/usr/bin/env python3
# Makes random stencils, compiles them at several levels and checks the laws on them:
#
#     fuzz.py --fuzz N --seed S [--build DIR] [--options "-O2"] [--real float] [--openmp] [--odd] [--fluxes|--weights|--rims] [--dims N] [--only K] [--keep]
#
# Without --options and --real every file of ten kernels gets its own at random. A failure names the kernel, and the command that
# makes this one alone again. The plugin and the test driver (target adstencil_gather) are taken from the build folder.
# Exit code 0: all laws hold.
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import argparse
import pathlib
import random
import shlex
import subprocess
import sys
import tempfile

import generate

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LEVELS = ["-O0", "-O1", "-O2", "-O2 -g", "-O3", "-O3 -march=native -fno-openmp", "-O2 -fno-vectorize -fno-slp-vectorize"]
PER_FILE = 10


def check(a, folder, numbers, options, real):
    """Returns what failed, empty if nothing did."""
    source, program = folder / "kernels.cpp", folder / "kernels"
    with open(source, "w") as f: generate.write(a.seed, numbers, real, a, f)
    compile_ = [a.compiler, "-std=c++20", "-w", f"-I{HERE}", f"-I{ROOT / 'runtime/include'}",
                f"-fplugin={a.build / 'lib/libadstencil.so'}", f'-DGATHER_VARIANT="{options.split()[0][1:]}"', *shlex.split(options),
                *["-fopenmp"] * a.openmp, "-c", str(source), "-o", f"{program}.o"]
    link = [a.compiler, *[x for x in shlex.split(options) if x.startswith("-fsanitize")], f"{program}.o", str(a.build / "tests/gather/libadstencil_gather_driver.a"), "-o", str(program), "-lgtest",
            "-lpthread", *[a.omp] * a.openmp]
    for command in compile_, link:
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode: return "the compiler failed:\n" + done.stderr[-3000:]
    done = subprocess.run([program, "--gtest_brief=1", *["--looser=100"] * ("-ffast-math" in options)], capture_output=True, text=True)
    return "" if done.returncode == 0 else (done.stdout + done.stderr)[-3000:]


def main():
    p = argparse.ArgumentParser(description="Checks the laws of derivatives on random stencils.",
                                epilog="example: fuzz.py --fuzz 200 --seed 7")
    p.add_argument("--fuzz", type=int, required=True, metavar="N", help="how many kernels")
    p.add_argument("--seed", type=int, default=1000)
    p.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    p.add_argument("--compiler", default="clang++-22")
    p.add_argument("--options", help="one set of options for all")
    p.add_argument("--real", choices=["float", "double"])
    generate.add_forms(p)
    p.add_argument("--omp", default="-lomp", help="the OpenMP runtime, as the linker is told")
    p.add_argument("--only", type=int, help="this kernel alone")
    p.add_argument("--keep", action="store_true", help="leave the files of failures in the current folder")
    a = p.parse_args()
    numbers = [[a.only]] if a.only is not None else [list(range(k, min(k + PER_FILE, a.fuzz))) for k in range(0, a.fuzz, PER_FILE)]
    failed = 0
    for group in numbers:
        r = random.Random(f"{a.seed} {group[0]}")
        options, real = a.options or r.choice(LEVELS), a.real or r.choice(["double", "double", "double", "float"])
        with tempfile.TemporaryDirectory() as folder:
            problem = check(a, pathlib.Path(folder), group, options, real)
            if problem and a.keep:
                pathlib.Path(f"stencil_{a.seed}_{group[0]}.cpp").write_text((pathlib.Path(folder) / "kernels.cpp").read_text())
        if sys.stderr.isatty(): print(f"\r{group[-1] + 1} kernels", end="", file=sys.stderr)
        if problem:
            failed += 1
            print(f"\nFAILED: fuzz.py --fuzz 1 --seed {a.seed} --only K --options '{options}' --real {real}{' --openmp' * a.openmp}{' --odd' * a.odd}{' --fluxes' * a.fluxes}{' --weights' * a.weights}{' --rims' * a.rims}{f' --dims {a.dims}' if a.dims else ''}   (K in {group})\n{problem}")
    print(f"{sum(map(len, numbers))} kernels, files that failed: {failed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
