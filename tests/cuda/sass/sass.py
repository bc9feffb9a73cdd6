#!/usr/bin/env python3
"""Compiles the sample kernels and their derivatives to machine code and checks what comes out.

For one architecture and both precisions: no function spills, stack frames and registers are those of the table (20 %
more registers is the bound; a stack frame may not grow), and atomic instructions are those the kernel's comment in
samples.cu allows. The table is registers.txt; --update rewrites the rows of the architecture from what was seen.

    sass.py --arch sm_90 --plugin build/lib/libadstencil.so --include runtime/include
    sass.py --arch sm_90 ... --update

With files of the kernel library of the laws it only asks that machine code comes out for every function of theirs:

    sass.py --arch sm_90 ... ../laws/kernels/*.cu

Returns 0 if all is well, 1 if not, 2 for wrong usage, 77 if there is no CUDA toolkit (or it does not know the
architecture).

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import argparse
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PRECISIONS = {"f32": "float", "f64": "double"}
MODES = ("", "__vjp_", "__adjoint_", "__tangent_")
# A fifth more registers is what can cost a step of occupancy.
BOUND = 1.2


def skip(reason):
    print(f"SKIPPED: {reason}")
    sys.exit(77)


def find_toolkit(given):
    """The folder of a toolkit with ptxas and libdevice, or None."""
    candidates = [given]
    if given is None:
        ptxas = shutil.which("ptxas")
        candidates = [os.environ.get("CUDA_PATH"), os.environ.get("CUDAToolkit_ROOT"), "/usr/local/cuda",
                      ptxas and pathlib.Path(ptxas).resolve().parent.parent]
    for candidate in filter(None, candidates):
        root = pathlib.Path(candidate)
        if (root / "bin/ptxas").exists() and list((root / "nvvm/libdevice").glob("libdevice*.bc")):
            return root
    return None


def run(command, what):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if result.returncode != 0:
        if "is not defined for option" in result.stderr or "unsupported CUDA gpu architecture" in result.stderr:
            skip(f"{what}: {result.stderr.strip().splitlines()[0]}")
        sys.exit(f"{what} failed:\n{result.stderr}")
    return result.stdout + result.stderr


def identifier(mangled):
    """The name of a function at file scope: _Z13__vjp_heat_3dPdS_ -> __vjp_heat_3d."""
    match = re.match(r"_Z(\d+)", mangled)
    return mangled[match.end():match.end() + int(match.group(1))] if match else mangled


def kinds_of_kernels(source):
    """{kernel: kind}, from the comments of the sample file."""
    pattern = r"^// (own-point|gather|scatter|in-place|reduction)\nADSTENCIL_KERNEL __global__ void (\w+)"
    return {name: kind for kind, name in re.findall(pattern, source, re.M)}


def resources(report):
    """{function: (registers, stack bytes, spilled bytes)} from what ptxas -v prints."""
    found = {}
    for part in report.split("Compiling entry function '")[1:]:
        name = identifier(part[:part.index("'")])
        stack, stores, loads = map(int, re.search(
            r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", part).groups())
        registers = int(re.search(r"Used (\d+) registers", part).group(1))
        found[name] = (registers, stack, stores + loads)
    return found


def atomics(ptx):
    """{function: [atomic instructions]}."""
    found = {}
    name = None
    for line in ptx.splitlines():
        start = re.search(r"\.(?:entry|func)\b.*?([\w$]+)\s*\($", line) or re.search(r"\.entry\s+([\w$]+)", line)
        if start:
            name = identifier(start.group(1))
            found.setdefault(name, [])
        instruction = re.match(r"\s*(?:@!?%p\d+\s+)?((?:atom|red)\.[\w.:]+)", line)
        if instruction and name:
            found[name].append(instruction.group(1))
    return found


def check_atomics(name, kind, instructions, precision):
    """Complaints about the atomic instructions of a function."""
    bits = precision[1:]
    # Sums at the scope of the device, which is PTX's default; no compare-and-swap loop, no vectors, no system scope.
    sums = re.compile(rf"(atom|red)(\.relaxed)?(\.gpu)?(\.global)?\.add\.f{bits}")
    if kind == "reduction" and not name.startswith("__tangent_"):
        # Counters of finished blocks, of 32 or 64 bits.
        counter = re.compile(r"(atom|red)(\.\w+)*\.(add|inc)\.[us](32|64)")
        return [f"'{i}' in a reduction" for i in instructions if not counter.fullmatch(i)]
    if kind in ("own-point", "gather") or name.startswith("__tangent_") or not name.startswith("__"):
        return [f"'{i}' where every cell has one writer" for i in instructions]
    wrong = [f"'{i}' is not a scalar sum at device scope" for i in instructions if not sums.fullmatch(i)]
    # Where the array is updated in place, __vjp_ leaves its shadow alone.
    has_sums = instructions or (kind == "in-place" and name.startswith("__vjp_"))
    return wrong or ([] if has_sums else ["a scatter without atomic sums"])


def read_table(path):
    """{(precision, function, architecture): (registers, stack bytes)}."""
    table = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        if line and not line.startswith("#"):
            precision, function, *columns = line.split()
            for arch, registers, stack in re.findall(r"(sm_\w+):(\d+)\+?(\d*)", " ".join(columns)):
                table[precision, function, arch] = (int(registers), int(stack or 0))
    return table


def write_table(path, table, compiler):
    lines = [f"# Registers of the sample kernels and their derivatives at -O3, and bytes of stack after a +; {compiler}.",
             "# Compared by sass.py, which also writes this file (--update).",
             "# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception"]
    architectures = sorted({arch for _, _, arch in table}, key=lambda arch: int(re.sub(r"\D", "", arch)))
    # A kernel, then its derivatives.
    order = {(precision, function): (precision, re.sub(r"^__[a-z]+_", "", function), function)
             for precision, function, _ in table}
    for precision, function in sorted(order, key=order.get):
        cells = []
        for arch in architectures:
            registers, stack = table.get((precision, function, arch), (0, 0))
            if registers:
                cells.append(f"{arch}:{registers}" + (f"+{stack}" if stack else ""))
        lines.append(f"{precision} {function:<34}" + "".join(f" {cell:<11}" for cell in cells).rstrip())
    path.write_text("\n".join(lines) + "\n")


def compile_file(options, toolkit, file, precision, folder):
    """The PTX of a file in one precision and the report of ptxas on it."""
    ptx = pathlib.Path(folder) / f"{precision}.ptx"
    real = PRECISIONS[precision]
    run([options.clang, "-std=c++20", "-O3", "-x", "cuda", "--cuda-device-only", "-S", f"--offload-arch={options.arch}",
         f"--cuda-path={toolkit}", "-Wno-unknown-cuda-version", f"-I{options.include}", f"-fplugin={options.plugin}",
         f"-DSAMPLE_REAL={real}", f"-DLAW_VARIANT={precision}", f"-DLAW_REAL={real}",
         f"-DLAW_IS_FLOAT={int(real == 'float')}", "-o", ptx, file], f"clang on {file}")
    report = run([toolkit / "bin/ptxas", "-v", "-O3", f"-arch={options.arch}", ptx, "-o",
                  pathlib.Path(folder) / "samples.cubin"], "ptxas")
    return ptx.read_text(), report


def check(options, kernels, precision, ptx, report, table):
    """Compares one precision with the table, which it updates; returns the complaints."""
    complaints = []
    used = resources(report)
    instructions = atomics(ptx)
    for function in [mode + kernel for kernel in kernels for mode in MODES]:
        if function not in used:
            complaints.append(f"{function}: not compiled")
            continue
        registers, stack, spilled = used[function]
        kernel = re.sub(r"^__(vjp|adjoint|tangent)_", "", function)
        key = precision, function, options.arch
        found = [f"spills {spilled} bytes"] if spilled else []
        found += check_atomics(function, kernels[kernel], instructions.get(function, []), precision)
        if options.update:
            table[key] = registers, stack
        elif key not in table:
            found.append("is not in registers.txt; run with --update")
        else:
            expected, expected_stack = table[key]
            if registers > math.floor(BOUND * expected):
                found.append(f"{registers} registers, {expected} in the table")
            if stack > expected_stack:
                found.append(f"a stack frame of {stack} bytes, {expected_stack} in the table")
        complaints += [f"{options.arch} {precision} {function}: {text}" for text in found]
    return complaints


def check_samples(options, toolkit, folder):
    """Returns the complaints about the sample kernels and the number of functions."""
    kernels = kinds_of_kernels((HERE / "samples.cu").read_text())
    table = read_table(options.table)
    if options.update:
        table = {key: row for key, row in table.items() if key[2] != options.arch}
    complaints = []
    for precision in PRECISIONS:
        ptx, report = compile_file(options, toolkit, HERE / "samples.cu", precision, folder)
        complaints += check(options, kernels, precision, ptx, report, table)
    if options.update:
        release = re.search(r"release ([\d.]+)", run([toolkit / "bin/ptxas", "--version"], "ptxas"))
        write_table(options.table, table, f"ptxas of CUDA {release.group(1)}")
    return complaints, len(PRECISIONS) * len(MODES) * len(kernels)


def check_library(options, toolkit, folder):
    """The same for files of the kernel library."""
    complaints = []
    count = 0
    for file in options.files:
        for precision in PRECISIONS:
            ptx, report = compile_file(options, toolkit, file, precision, folder)
            functions = set(re.findall(r"\.entry\s+([\w$]+)", ptx))
            assembled = set(re.findall(r"Compiling entry function '([\w$]+)'", report))
            complaints += [f"{options.arch} {precision} {name}: no machine code" for name in functions - assembled]
            count += len(functions)
    return complaints, count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arch", required=True, help="sm_75, sm_80, sm_90, sm_100, ...")
    parser.add_argument("--plugin", required=True)
    parser.add_argument("--include", required=True, help="the folder of adstencil/adstencil.h")
    parser.add_argument("--clang", default="clang++-22")
    parser.add_argument("--cuda", help="the folder of the CUDA toolkit, or OFF")
    parser.add_argument("--table", type=pathlib.Path, default=HERE / "registers.txt")
    parser.add_argument("--update", action="store_true", help="rewrite the table")
    parser.add_argument("files", nargs="*", type=pathlib.Path, help="files to compile instead of the samples")
    options = parser.parse_args()

    toolkit = find_toolkit(options.cuda)
    if not toolkit:
        skip("no CUDA toolkit with ptxas and libdevice")
    with tempfile.TemporaryDirectory() as folder:
        complaints, count = (check_library if options.files else check_samples)(options, toolkit, folder)
    for text in complaints:
        print(text)
    print(f"{count} functions for {options.arch}, {len(complaints)} complaints")
    return 1 if complaints or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
