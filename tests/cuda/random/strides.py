#!/usr/bin/env python3
# Writes a file of random stencils whose threads have several points, and registers each with the laws of derivatives:
#
#     strides.py SEED COUNT [--loops] [--rims] [--only I,J,…] [--output FILE] > strides.cu
#
# Most of them are gathers: an axis is one of threads or a grid-stride loop, with bounds in the loop, in a guard or in both;
# arrays are staggered, padded or records; launches have one thread, fewer threads than points, or more. Every kernel is
# free of data races in every launch that it is tried in. With --loops at least one axis is a loop that each thread has for
# itself, up or down, by one or by two. With --rims neighbours outside of the domain are clamped or periodic. generate.py has kernels of all other kinds.
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import argparse
import random
import sys

TYPES = ["int", "int", "int", "unsigned", "long", "std::size_t", "int64", "uint64"]


class Kernel:
    def __init__(self, r, name, loops, rims):
        self.r, self.name, self.loops = r, name, loops
        self.dims = r.choice([2, 2, 3] if loops else [1, 1, 2, 2, 2, 3])
        self.n = [[r.randint(1, 40)], [r.randint(2, 12), r.randint(1, 11)], [r.randint(2, 8) for _ in range(3)]][self.dims - 1]
        self.type = r.choice(TYPES)
        self.unsigned = self.type[0] == "u" or "size" in self.type
        self.axes, self.names = "ijk"[:self.dims], ["nx", "ny", "nz"][:self.dims]
        self.lines, self.parameters, self.arrays, self.ints = [], [], [], []
        self.reach = r.choice([1, 1, 1, 2] if rims else [0, 1, 1, 2])
        kinds = ["clamp", "clamp", "extreme", "around", "around", "turn"]
        self.rims = [r.choice(kinds) for _ in self.axes] if rims else None

    def ch(self, p): return self.r.random() < p

    def array(self, name, role, pads, below):
        """An array over the points and some more on both sides, with strides of its own: a function from shifts to an access."""
        pitch = [f"({n} + {p})" if p else n for n, p in zip(self.names, pads)]
        size, sizes = 1, []
        for n, p in zip(self.n, pads):
            sizes.append(size)
            size *= n + p
        start = sum(b * s for b, s in zip(below, sizes)) + 2
        size += start + sum((b + 3) * s for b, s in zip(below, sizes)) + 2
        self.arrays.append((name, role, size))
        self.parameters.append((f"{'const ' if role == 'in' else ''}real* {name}", f"x[{len(self.arrays) - 1}]", True))

        def access(shifts):
            terms, stride = [], ""
            for axis, shift, p in zip(self.axes, shifts, pitch):
                index = axis if shift == 0 else f"{axis} {'+' if shift > 0 else '-'} {abs(shift)}"
                if shift and role == "in" and self.rims: index = self.rim(axis, shift)
                terms.append(f"({index}){stride}" if stride or self.unsigned else index)
                stride += f" * {p}"
            return f"{name}[{' + '.join([str(start)] + terms)}]"
        return access

    def rim(self, axis, k):
        """The index of a neighbour that may lie outside."""
        n, kind = self.names[self.axes.index(axis)], self.rims[self.axes.index(axis)]
        if kind == "turn" and abs(k) == 1:
            return f"({axis} == {n} - 1 ? 0 : {axis} + 1)" if k > 0 else f"({axis} > 0 ? {axis} - 1 : {n} - 1)"
        if kind in ("around", "turn"): return f"({axis} + {k}) % {n}" if k > 0 else f"({axis} + {f'{-k} * ' if k < -1 else ''}{n} - {-k}) % {n}"
        if kind == "extreme" and self.type == "int": return f"min({axis} + {k}, {n} - 1)" if k > 0 else f"max({axis} - {-k}, 0)"
        return f"({axis} + {k} < {n} ? {axis} + {k} : {n} - 1)" if k > 0 else f"({axis} >= {-k} ? {axis} - {-k} : 0)"

    def pads(self): return [self.r.choice([0, 0, 1, 3]) + 2 * self.reach * (self.ch(0.5)) for _ in self.axes]

    def shifts(self): return [self.r.randint(-self.reach, self.reach) if self.ch(0.7) else 0 for _ in self.axes]

    def body(self):
        r = self.r
        none = [0] * self.dims
        inputs = [self.array(f"u{k}", "in", self.pads(), [self.reach] * self.dims) for k in range(r.choice([1, 1, 2, 3]))]
        terms = []
        for _ in range(r.choice([1, 2, 3, 5])):
            read = lambda: r.choice(inputs)(self.shifts())
            terms.append(r.choice([read, lambda: f"{read()} * {read()}", lambda: f"sin({read()})", lambda: f"real(0.3) * {read()}",
                                   lambda: f"{read()} / (real(2) + {read()} * {read()})"])())
        if self.ch(0.2):
            self.arrays.append(("a", "in", 1))
            self.parameters.append(("ADSTENCIL_ACTIVE real a", f"*hx[{len(self.arrays) - 1}]", True))
            terms.append(f"a * {inputs[0](none)}")
        if self.ch(0.2):
            axis = r.randrange(self.dims)
            self.arrays.append(("row", "in", self.n[axis] + 2))
            self.parameters.append(("const real* row", f"x[{len(self.arrays) - 1}]", True))
            terms.append(f"row[{self.axes[axis]}] * {inputs[0](none)}")
        lines = []
        for k in range(r.choice([1, 1, 2])):
            y = self.array(f"y{k}", "out", self.pads(), [self.reach] * self.dims)
            value = " + ".join(r.sample(terms, r.randint(1, len(terms))) + [terms[0]])
            own = y([r.randint(-1, 1) if self.reach else 0 for _ in self.axes]) if self.ch(0.2) else y(none)
            lines.append(r.choice([f"{own} = {value};", f"{own} = {value};", f"{own} += {value};",
                                   f"{own} = real(0.5) * {own} + {value};", f"{own} = sin({own}) * ({value});"]))
        if self.ch(0.15):
            lines[-1] = f"if ({inputs[0](none)} > real(-5)) " + lines[-1]
        return lines

    def text(self):
        r, t = self.r, self.type
        body = self.body()
        strided = [self.ch(0.25 if self.loops else 0.75) for _ in self.axes]
        own = [self.loops and self.ch(0.4) for _ in self.axes]
        if self.loops and (all(own) or not any(own)):
            chosen = r.randrange(self.dims)
            own = [d == chosen for d in range(self.dims)]
        strided = [s and not o for s, o in zip(strided, own)]
        if not any(strided) and not self.loops and not self.rims: strided[r.randrange(self.dims)] = True
        low, high, guards, launch = [], [], [], []
        for axis, n, size in zip(self.axes, self.names, self.n):
            lower, less = r.choice([0, 0, 1, 2]), r.choice([0, 0, 1])
            # Unsigned sizes must not become negative.
            if self.unsigned and size <= less: less = 0
            inside = self.ch(0.6)
            low.append(lower if inside else 0)
            high.append(f"{n} - {less}" if inside and less else n)
            if not inside:
                if lower: guards.append(r.choice([f"{axis} >= {lower}", f"{axis} > {lower - 1}"] + [f"{axis} != 0"] * (lower == 1)))
                if less: guards.append(f"{axis} < {n} - {less}")
        order = list(range(self.dims))[::-1]
        if self.ch(0.25): r.shuffle(order)
        head, depth = [], 1
        for d in sorted(order, key=lambda d: strided[d] or own[d]):
            axis, x, end = self.axes[d], "xyz"[d], high[d]
            if own[d]:
                step = r.choice(["++{0}", "{0}++", "{0} += 1", "{0} += 2"]).format(axis)
                up = f"for ({t} {axis} = {low[d]}; {axis} < {end}; {step}) {{"
                down = f"for ({t} {axis} = {end} - 1; {axis} >= {low[d]}; --{axis}) {{"
                head.append(down if self.ch(0.25) and not self.unsigned else up)
                depth += 1
                continue
            index = r.choice([f"blockIdx.{x} * blockDim.{x} + threadIdx.{x}", f"threadIdx.{x} + {t}(blockDim.{x}) * blockIdx.{x}",
                              f"thread_<{t}>().{x}()"])
            if not strided[d]:
                head.append(f"const {t} {axis} = {index};")
                head.append(f"if ({axis} < {low[d]} || {axis} >= {end}) return;" if low[d] else f"if ({axis} >= {end}) return;")
                continue
            start = index if not low[d] else r.choice([f"{low[d]} + {index}", f"{index} + {low[d]}"])
            step = r.choice([f"gridDim.{x} * blockDim.{x}", f"blockDim.{x} * {t}(gridDim.{x})"])
            if self.ch(0.3):
                head.append(f"const {t} step_{x} = {step};")
                step = f"step_{x}"
            test = r.choice([f"{axis} < {end}", f"{axis} < {end}", f"{end} > {axis}"] + [f"{axis} <= {end} - 1"] * (not self.unsigned) +
                            [f"{axis} + 1 <= {end}"])
            head.append(f"for ({t} {axis} = {start}; {test}; {axis} += {step}) {{")
            depth += 1
        for size, s, o in zip(self.n, strided, own):
            launch.append(1 if o else r.choice([1, max(1, size // 3), size, size + 5]) if s else size + r.choice([0, 4]))
        if self.ch(0.15): head.append(r.choice(["if (on) {", "if (on && true) {"])); depth += 1
        if guards: head.append((f"if ({' && '.join(guards)})" if self.ch(0.5) else " ".join(f"if ({g})" for g in guards)) + " {")
        depth += bool(guards)
        types = t if self.ch(0.8) or t not in ("long", "int64") else "int"
        parameters = self.parameters + [(f"{types} {n}", str(v), False) for n, v in zip(self.names, self.n)] + [("bool on", "true", False)]
        if self.ch(0.3): r.shuffle(parameters)
        shapes = {1: [(1,), (4,), (32,), (5,)], 2: [(1, 1), (4, 2), (3, 5)], 3: [(1, 1, 1), (2, 2, 2), (3, 1, 2)]}[self.dims]
        block = [1 if o else extent for extent, o in zip(r.choice(shapes), own)]
        derived = [v for _, value, active in parameters
                   for v in ([value, value.replace("*hx", "xb").replace("x[", "xb[") if "hx" not in value else value.replace("*hx", "xb")]
                             if active else [value])]
        text = [f"ADSTENCIL_KERNEL __global__ void {self.name}({', '.join(p for p, _, _ in parameters)}) {{"]
        text += ["  " + line for line in head + body] + ["  " + "}" * (depth - 1), "}"]
        specs = ", ".join(f'{role}("{name}", {size})' for name, role, size in self.arrays)
        text += [f"RANDOM_CASE({self.name}, arrays({specs}),",
                 f"            over({', '.join(map(str, launch))}).block({', '.join(map(str, block))}),",
                 f"            ({', '.join(v for _, v, _ in parameters)}),", f"            ({', '.join(derived)}));"]
        return "\n".join(text) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("seed", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("--loops", action="store_true", help="threads have loops of their own")
    parser.add_argument("--rims", action="store_true", help="neighbours outside of the domain are clamped or periodic")
    parser.add_argument("--only", help="numbers of the kernels to write")
    parser.add_argument("--without", default="", help="numbers of the kernels to leave out")
    parser.add_argument("--output", help="a file instead of standard output")
    a = parser.parse_args()
    if a.output: sys.stdout = open(a.output, "w")
    without = {int(x) for x in a.without.split(",") if x}
    print('#include "random_cuda.h"\n\nnamespace LAW_VARIANT {\n')
    for number in [int(x) for x in a.only.split(",")] if a.only else range(a.count):
        if number not in without:
            name = f"{'l' if a.loops else 's'}{'r' if a.rims else ''}{a.seed}_{number}"
            print(Kernel(random.Random(a.seed * 100003 + number), name, a.loops, a.rims).text())
    print("} // namespace LAW_VARIANT")


main()
