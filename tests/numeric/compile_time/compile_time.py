#!/usr/bin/env python3
"""What the plugin costs the compiler, in CPU time: three limits that users should be able to rely on.

  - A file without annotations compiles as fast as without the plugin: at most 2 % more.
  - 100 kernels in two dimensions of 5 to 10 lines, whose __vjp_ and __adjoint_ are called, compile in at most 3 times the
    time of the same file without the plugin.
  - The derivatives of one large stencil, 25 points and eighth order, serial and with OpenMP: 5 s at -O3. Their code size is
    printed.

The first two are ratios of the shortest of several runs of each command, taken in turns so that a busy machine slows both alike.
Shortest, because disturbances only ever add time. Even so 2 % is near the noise of a shared machine; the measurement is
repeated before it counts as a failure.

    compile_time.py --compiler clang++-22 --plugin build/lib/libadstencil.so --include runtime/include

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import argparse
import os
import resource
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
LARGE_STENCIL_LIMIT = 5.0  # seconds

# Bodies of kernels as one finds them in solvers; {n} makes every one a different function with different constants.
BODIES = [
    """  for (int j = 1; j < ny - 1; ++j)
    for (int i = 1; i < nx - 1; ++i) {{
      const int at = i + nx * j;
      const double east = 0.5 * (k[at] + k[at + 1]), west = 0.5 * (k[at] + k[at - 1]);
      const double north = 0.5 * (k[at] + k[at + nx]), south = 0.5 * (k[at] + k[at - nx]);
      out[at] = u[at] + 0.{n:03}1 * (east * (u[at + 1] - u[at]) - west * (u[at] - u[at - 1]) +
                                   north * (u[at + nx] - u[at]) - south * (u[at] - u[at - nx]));
    }}
""",
    """  for (int j = 1; j < ny - 1; ++j)
    for (int i = 1; i < nx - 1; ++i) {{
      const int at = i + nx * j;
      const double flux = u[at] > 0 ? u[at] - u[at - 1] : u[at + 1] - u[at];
      const double reaction = std::exp(-k[at] * u[at]) * (1 - u[at]);
      out[at] = u[at] - 0.{n:03}1 * u[at] * flux + 1e-3 * reaction;
    }}
""",
    """  for (int j = 1; j < ny - 1; ++j)
    for (int i = 1; i < nx - 1; ++i) {{
      const int at = i + nx * j;
      const double dx = 0.5 * (u[at + 1] - u[at - 1]), dy = 0.5 * (u[at + nx] - u[at - nx]);
      const double length = std::sqrt(dx * dx + dy * dy + 1e-{e});
      out[at] += k[at] * (dx * dx - dy * dy) / length;
    }}
""",
    """  for (int j = 1; j < ny - 1; ++j) {{
    double carried = 0.{n:03}1 * u[nx * j];
    for (int i = 1; i < nx - 1; ++i) {{
      carried = 0.5 * carried + k[i + nx * j] * u[i + nx * j];
      out[i + nx * j] = carried * carried;
    }}
  }}
""",
    """  for (int j = 2; j < ny - 2; ++j)
    for (int i = 2; i < nx - 2; ++i) {{
      double sum = 0;
      for (int d = -2; d <= 2; ++d)
        sum += k[d + 2] * (u[i + d + nx * j] + u[i + nx * (j + d)]);
      out[i + nx * j] = 0.{n:03}1 * sum * u[i + nx * j];
    }}
""",
]


def kernels(count):
    """The text of a file with `count` kernels and calls of their derivatives."""
    text = ["#include <adstencil/adstencil.h>\n\n#include <cmath>\n"]
    for n in range(count):
        text.append(f"ADSTENCIL_KERNEL void kernel_{n}(double* out, const double* u, const double* k, int nx, int ny) {{\n"
                    + BODIES[n % len(BODIES)].format(n=n, e=n % 9 + 1) + "}\n")
    text.append("void run(double* out, double* out_bar, double* u, double* u_bar, double* k, double* k_bar, int nx, int ny) {")
    for n in range(count):
        text.append(f"  kernel_{n}(out, u, k, nx, ny);\n#ifdef __ADSTENCIL__")
        for kind in "vjp", "adjoint":
            text.append(f"  __{kind}_kernel_{n}(out, out_bar, u, u_bar, k, k_bar, nx, ny);")
        text.append("#endif")
    return "\n".join(text) + "\n}\n"


def cpu_time(command):
    """User and system time of a command, in seconds. A command that fails ends the program."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    finished = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    if finished.returncode != 0:
        sys.exit(" ".join(command) + "\n" + finished.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def ratio(command, options, runs):
    """The shortest CPU time with the options over that without, and both times."""
    without, with_plugin = [], []
    for _ in range(runs):
        without.append(cpu_time(command))
        with_plugin.append(cpu_time(command + options))
    return min(with_plugin) / min(without), min(without), min(with_plugin)


def check(name, limit, command, options, runs, attempts):
    """Measures until a ratio is within the limit, at most `attempts` times; says whether it was."""
    for attempt in range(attempts):
        measured, without, with_plugin = ratio(command, options, runs)
        print(f"{name}: {with_plugin:.3f} s with the plugin, {without:.3f} s without, ratio {measured:.3f}, limit {limit}",
              flush=True)
        if measured <= limit:
            return True
    return False


def code_sizes(compiler, folder, options):
    """Bytes of machine code by function of an object file, with those that OpenMP's threads call."""
    nm = subprocess.run([compiler, "--print-prog-name=llvm-nm"], capture_output=True, text=True, check=True).stdout.strip()
    object_file = os.path.join(folder, "sizes.o")
    subprocess.run(options + ["-o", object_file], check=True)
    table = subprocess.run([nm, "--print-size", "--defined-only", object_file], capture_output=True, text=True, check=True)
    rows = [line.split() for line in table.stdout.splitlines()]
    return {row[3]: int(row[1], 16) for row in rows if len(row) == 4 and row[2] in "tTwW"}


def check_large_stencil(arguments, folder):
    """The derivatives of wave_25_points.cpp within the limit; prints how large they are."""
    within = True
    for name, options in ("serial", []), ("with OpenMP", ["-fopenmp"]):
        command = [arguments.compiler, "-std=c++20", "-O3", "-c", "-I" + arguments.include, "-fplugin=" + arguments.plugin,
                   os.path.join(HERE, "wave_25_points.cpp")] + options
        time = min(cpu_time(command + ["-o", os.path.join(folder, "object.o")]) for _ in range(2))
        print(f"25 points, {name}: {time:.3f} s, limit {LARGE_STENCIL_LIMIT} s", flush=True)
        within &= time <= LARGE_STENCIL_LIMIT
        sizes = code_sizes(arguments.compiler, folder, command)
        for function, size in sorted(sizes.items()):
            print(f"  {size:6} bytes  {function}", flush=True)
        for derivative in "__vjp_wave", "__adjoint_wave":
            if not any(derivative in function for function in sizes):
                sys.exit(f"{derivative} is not in the object file")
    return within


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--plugin", required=True)
    parser.add_argument("--include", required=True, help="folder of the runtime's headers")
    parser.add_argument("--keep", help="write the generated kernels to this file and end")
    arguments = parser.parse_args()
    if arguments.keep:
        with open(arguments.keep, "w", encoding="utf-8") as file:
            file.write(kernels(100))
        return 0

    with tempfile.TemporaryDirectory() as folder:
        generated = os.path.join(folder, "kernels.cpp")
        with open(generated, "w", encoding="utf-8") as file:
            file.write(kernels(100))
        compile_it = [arguments.compiler, "-std=c++20", "-O2", "-c", "-I" + arguments.include, "-o",
                      os.path.join(folder, "object.o")]
        plugin = ["-fplugin=" + arguments.plugin]
        harmless = check("without annotations", 1.02, compile_it + [os.path.join(HERE, "unannotated.cpp")], plugin, 7, 3)
        # Here the margin is wide and a run is long: a few runs do.
        annotated = check("100 kernels", 3.0, compile_it + [generated], plugin, 3, 2)
        large = check_large_stencil(arguments, folder)
    return 0 if harmless and annotated and large else 1


if __name__ == "__main__":
    sys.exit(main())
