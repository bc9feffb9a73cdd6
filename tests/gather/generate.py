#!/usr/bin/env python3
# Writes a file of random stencils, each three times (gather_laws.h), with their domains:
#
#     generate.py SEED COUNT [--real float] [--first N] [--openmp] [--odd] [--fluxes|--weights|--rims] > kernels.cpp
#
# The same seed and number give the same kernel, whatever else is in the file. Stencils are nests of counted loops whose
# accesses are affine in the counters: one to three dimensions, shifts up to 4 cells, several arrays in all layouts that
# layouts.py knows, written, incremented or updated in place, with guards, in one nest or two. They stay inside of their
# arrays on every domain, empty ones included, but rows may run into their neighbours. With --openmp they have directives
# wherever that leaves no race, with --odd accesses and loops of less usual forms. With --fluxes points have values in common
# (fluxes.py), with --weights they weigh sums (weights.py), with --rims neighbours outside of the domain are clamped or
# periodic (rims.py).
#
# fuzz.py makes, compiles and runs more of them.
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import argparse
import random
import re
import sys

from layouts import SIZES, Layout, plus
from points import Points

EXTENTS = [0, 1, 2, 3, 5, 8, 9, 17, 33]
AXES = "xyz"


class Nest:
    def __init__(self):
        self.reads = []    # (layout, shift, component, level)
        self.writes = []   # (layout, shift, component, level, operator, numbers of the reads)
        self.sums = []     # (layout, shift, component, level, axis, reach): sums over a line through the point
        self.faces = []    # numbers of three reads in a line
        self.shared = []   # values that neighbours share: for each place of one, the numbers of its reads
        self.weighted = [] # by write: pairs of what a weight is made of, and of what it is a factor of
        self.own = set()
        self.limits = []   # (axis, added to its counter, comparison, number of the limit): mostly ends of 64 bits


class Kernel:
    def __init__(self, r, name, forms):
        self.r, self.name, self.openmp = r, name, forms.openmp
        self.odd = random.Random(f"{name} odd") if forms.odd else None  # a source of its own: the rest of the kernel is the same
        self.dims = r.choice([1, 1, 2, 2, 2, 3, 3])
        self.dims = forms.dims or self.dims
        self.counter = r.choice(["int"] * 4 + ["long", "long", "unsigned", "std::size_t"])
        self.signed = self.counter in ("int", "long")
        self.style = self.choose_style()
        self.cap = [r.choice([9, 17, 33]) for _ in range(self.dims)]
        self.natural = list(range(self.dims)) if self.ch(0.85) else r.sample(range(self.dims), self.dims)
        self.layouts, self.nests, self.masks, self.limits = [], [], 0, []
        self.scalars = [s for s in ("a", "b") if self.ch(0.25)]
        self.dt = self.ch(0.4)
        self.linear = self.ch(0.35)
        self.has_faces = self.odd and self.odd.random() < 0.3
        # A time loop's step: the next level of one array from the others, mostly without products.
        self.steps_levels = self.odd and self.odd.random() < 0.2 and self.style != "wrap"
        if self.steps_levels: self.linear = self.odd.random() < 0.7
        self.build()

    def ch(self, p): return self.r.random() < p

    def choose_style(self):
        return self.r.choice(["interior"] * 4 + ["padded"] * 2 + ["guarded"] * 3 + ["wrap"] * (1 if self.signed else 0))

    # ---- arrays ----
    def array(self, stem, written, kind=None):
        r = self.r
        axes, step = list(self.natural), 1
        if not written and self.dims > 1 and self.ch(0.15): axes = sorted(r.sample(axes, r.randint(1, self.dims - 1)), key=axes.index)
        elif not written and self.style != "wrap" and self.ch(0.08): step = 2
        kinds = ["flat"] * 6 + ["constant"] * 2 + ["constflat", "aos", "struct", "view", "view", "levels"]
        if self.style == "wrap": kinds = ["flat"] * 3 + ["constflat", "aos", "struct"]
        kind = kind or r.choice(kinds)
        layout = Layout(r, f"{stem}{len(self.layouts)}", len(self.layouts), kind, axes, step, self.counter, written)
        if layout.is_constant(): layout.cap = self.cap
        if self.style == "padded":
            layout.pad = {a: 4 * step for a in axes}
        # Staggered arrays have a cell more or less in a row. An output's rows are as long as the loop at least.
        for a in axes: layout.extra[a] = r.choice([-1, 0, 0, 0, 1, 2] if not written else [0, 0, 1, 2])
        if self.style == "wrap": layout.extra = {a: 0 for a in axes}
        self.layouts.append(layout)
        return layout

    def shifts(self, layout):
        """A set of shifts, as one stencil has them."""
        r = self.r
        radius = r.choice([1, 1, 1, 2, 2, 3, 4])
        axes = layout.axes
        zero = {a: 0 for a in range(3)}
        def at(**kw): return {**zero, **{AXES.index(k): v for k, v in kw.items()}}
        kind = r.choice(["star", "star", "random", "random", "line", "upwind", "own", "box"])
        if kind == "own": found = [zero]
        elif kind == "star":
            found = [zero] * self.ch(0.7) + [at(**{AXES[a]: s * k}) for a in axes for k in range(1, radius + 1) for s in (1, -1)]
        elif kind == "line":
            a = r.choice(axes)
            found = [at(**{AXES[a]: k}) for k in range(-radius, radius + 1) if k or self.ch(0.5)]
        elif kind == "upwind":
            s = r.choice([1, -1])
            found = [zero] + [at(**{AXES[a]: s * k}) for a in axes for k in range(1, min(radius, 2) + 1)]
        elif kind == "box":
            found = [{**zero, **dict(zip(axes, p))} for p in self.box(len(axes)) if self.ch(0.7)] or [zero]
        else:
            found = [{**zero, **{a: r.randint(-radius, radius) for a in axes}} for _ in range(r.randint(1, 6))]
        unique = []
        for s in found:
            if s not in unique: unique.append(s)
        return unique[:14 if self.linear else 10]

    def box(self, n):
        return [(k, *rest) for rest in self.box(n - 1) for k in (-1, 0, 1)] if n else [()]

    # ---- the kernel ----
    def build(self):
        r = self.r
        inputs = [self.array("u", False) for _ in range(r.choice([1, 1, 1, 2, 2, 3]))]
        if self.steps_levels:
            inputs[0] = self.layouts[0] = Layout(self.odd, "u0", 0, "levels", self.natural, 1, self.counter, False)
            inputs[0].extra = {a: self.odd.choice([0, 0, 1, 2]) for a in self.natural}
            if self.style == "padded": inputs[0].pad = {a: 4 for a in self.natural}
        if self.dims > 1 and self.ch(0.2):
            c = self.array("k", False, "flat")
            c.axes = [r.choice(self.natural)]
            c.pad = {a: c.pad.get(a, 4 if self.style == "padded" else 0) for a in c.axes}
            c.extra = {a: c.extra.get(a, 0) for a in c.axes}
            inputs.append(c)
        first = self.nest(inputs, [])
        if self.ch(0.3):
            behind = [l for l, *_ in first.writes]
            more = [l for l in inputs if l not in first.own] if self.ch(0.7) else []
            if self.ch(0.5): self.nest(more or inputs, behind)
            else: self.nest(more or inputs, [])
        # Data that is updated in place or lies in several levels is read and written.
        for nest in self.nests:
            for l, *_ in nest.writes: l.written = True
        for l in inputs[1:]: l.inactive = not l.written and self.ch(0.1)
        for written in (False, True):
            pair = [l for l in self.layouts if l.written == written and l.kind == "flat" and not l.inactive]
            if len(pair) > 1 and self.ch(0.2):
                for l, member in zip(r.sample(pair, 2), ("first", "second")): l.group = f"{'out' if written else 'in'}.{member}"
        if self.odd:
            for nest in self.nests: self.make_odd(nest)
        self.place()

    def cell_of_mask(self): return " + ".join(["ix", "nx * iy", "nx * ny * iz"][:self.dims])

    def make_odd(self, nest):
        """Reads that run against the loop, that are moved by data, or that make a second group of an array; limits."""
        r = self.odd
        limits = random.Random(f"{self.name} limits {len(self.limits)} {self.nests.index(nest)}")
        never, always = [(">", 1), ("<", -1)], [("<=", 1), (">=", -1), ("!=", 1), ("!=", -1)]
        if limits.random() < 0.25:
            how, end = limits.choice(never + always + [("<", 0), (">", 0), ("!=", 0)])
            value = {1: f"{2**63 - 1}L", -1: f"(-{2**63 - 1}L - 1)", 0: f"{limits.randint(2, 6)}L"}[end]
            nest.limits.append((limits.randrange(self.dims), limits.choice([-2, -1, 0, 0, 1]), how, len(self.limits)))
            self.limits.append(value)
        for k, (l, shift, component, level) in enumerate(nest.reads):
            if l.written or self.style == "wrap" or len(shift) > 3: continue
            a, how = r.choice(l.axes), r.random()
            if how < 0.08:
                shift = {**shift, "flip": a}
                for x in l.axes: l.extra[x] = max(l.extra[x], 0)
            elif how < 0.14:
                shift = {**shift, "along": a, "text": f"mask{self.masks}[{self.cell_of_mask()}]"}
                self.masks += 1
            elif how < 0.4 and l.step == 2: shift = {**shift, "step": 1}
            nest.reads[k] = (l, shift, component, level)

    def nest(self, inputs, produced):
        r, n = self.r, Nest()
        for l in inputs + produced:
            if l in produced and not self.ch(0.8): continue
            component = r.randrange(l.components)
            # What the same kernel has written is read at level 0, where it was written to.
            level = r.randrange(l.levels) if l not in produced else 0
            for shift in self.shifts(l):
                if l.components > 1 and self.ch(0.4): component = r.randrange(l.components)
                n.reads.append((l, shift, component, level))
        if not n.reads: n.reads.append((inputs[0], {a: 0 for a in range(3)}, 0, 0))
        if self.ch(0.15):
            l = r.choice(inputs)
            a = r.choice(l.axes)
            n.sums.append((l, {**{x: 0 for x in range(3)}, "along": a, "text": "k"}, r.randrange(l.components), 0, a, r.choice([1, 2, 2, 4])))
        zero = {a: 0 for a in range(3)}
        if self.has_faces and inputs[0].step == 1:
            l = inputs[0]
            for a in l.axes:
                n.faces.append(range(len(n.reads), len(n.reads) + 3))
                n.reads += [(l, {**zero, a: s}, 0, 0) for s in (-1, 0, 1)]
        for _ in range(r.choice([1, 1, 1, 2, 3])):
            how = r.choice(["new"] * 12 + ["in place"] * 4 + ["increment"] * 4 + ["level"] * 2 + ["sweep", "sum"])
            if self.steps_levels and not self.nests and not n.writes: how = "level"
            numbers = sorted(r.sample(range(len(n.reads)), r.randint(1, len(n.reads)))) if n.writes and self.ch(0.6) else list(range(len(n.reads)))
            if how == "level":
                # The next time level of an array whose other levels are read.
                levels = [l for l, *_ in n.reads if l.kind == "levels" and l not in produced and len(l.axes) == self.dims and l.step == 1
                          and not any(l is w[0] for w in n.writes)]
                if levels:
                    l = levels[0]
                    l.levels = max(l.levels, 1 + max(x[3] for x in n.reads if x[0] is l))
                    n.writes.append((l, zero, 0, l.levels, r.choice(["=", "="]), numbers))
                    l.levels += 1
                    continue
                how = "new"
            if how == "sum" and (self.dims == 1 or self.style == "wrap"): how = "increment"
            l = self.array({"new": "y", "in place": "v", "increment": "s", "sweep": "g", "sum": "t"}[how], True,
                           "flat" if how == "sum" else None)
            if how == "sum":
                l.axes = sorted(r.sample(l.axes, r.randint(1, self.dims - 1)), key=l.axes.index)
            if how == "sweep":
                # Reads what earlier points have written and later ones will write.
                for shift in self.shifts(l)[:3]: n.reads.append((l, shift, r.randrange(l.components), 0))
                numbers = list(range(len(n.reads)))
            shift = zero if self.style == "wrap" or self.ch(0.8) else {a: r.randint(-1, 1) if a in l.axes else 0 for a in range(3)}
            component = r.randrange(l.components)
            op = {"new": "=", "increment": r.choice(["+=", "+=", "-="]), "sum": "+=", "sweep": "sweep",
                  "in place": r.choice(["own", "own", "own nonlinear", "*="])}[how]
            n.writes.append((l, shift, component, 0, op, numbers))
            if how == "new" and l.components > 1 and self.ch(0.5):
                n.writes.append((l, shift, (component + 1) % l.components, 0, "=", numbers))
        self.nests.append(n)
        return n

    # ---- loop bounds, and rows that hold what is accessed ----
    def place(self):
        r = self.r
        for n in self.nests:
            n.begin, n.end = [0] * self.dims, [0] * self.dims
            accesses = [x[:2] for x in n.reads] + [x[:2] for x in n.writes]
            for l, shift, _, _, a, reach in n.sums:
                accesses += [(l, {**shift, a: s}) for s in (-reach, reach)]
            for a in range(self.dims):
                here = []  # (array, shift, step, is turned round)
                for l, s in accesses:
                    if a not in l.axes: continue
                    step, flip = s.get("step", l.step), s.get("flip") == a
                    here.append((l, s[a], step, flip))
                    if s.get("text", "").startswith("mask") and s["along"] == a: here.append((l, s[a] + 1, step, flip))
                if self.style in ("interior", "guarded"):
                    low = lambda turned: [-(s // step) for _, s, step, flip in here if flip == turned]
                    high = lambda turned: [-(-(s - step + 1) // step) for _, s, step, flip in here if flip == turned]
                    n.begin[a] = max([0] + low(False) + high(True)) + r.choice([0, 0, 0, 1])
                    n.end[a] = max([0] + high(False))
                    n.end[a] = max([0, n.end[a] + r.choice([0, 0, 0, 1, -1])] + low(True))
                for l, s, step, flip in here:
                    # Where rows run into each other, what is written still has cells of its own.
                    if self.style != "wrap" or any(l is w[0] for w in n.writes): l.fit(a, s, n.begin[a] if flip else n.end[a], step)
            n.order = list(range(self.dims - 1, -1, -1)) if self.ch(0.7) else r.sample(range(self.dims), self.dims)
            n.down = [self.ch(0.15) for _ in range(self.dims)]
            n.spell = [r.randrange(3) for _ in range(self.dims)]
            n.stride = [2 if self.ch(0.07) else 1 for _ in range(self.dims)]
            n.tile = r.choice([4, 7]) if self.ch(0.05) else 0
            n.mask = None
            if self.ch(0.15): n.mask, self.masks = self.masks, self.masks + 1
            n.parity = r.choice(AXES[:self.dims]) if self.ch(0.1) else None
            n.ragged = self.dims > 1 and self.signed and self.ch(0.1)
            n.hoist = self.ch(0.5)
            n.early = self.ch(0.4)
            n.triangle = n.enter = None
            n.unequal = n.with_rows = False
            if self.odd:
                if self.dims > 1 and self.signed and not n.ragged and self.odd.random() < 0.1: n.triangle = self.odd.choice([-1, 0, 2])
                if self.odd.random() < 0.2: n.enter = self.odd.choice(["if ({0} > 0)", "if ({0} >= 3)", "if ({0} < 1)\n    return;\n "])
                n.unequal = self.odd.random() < 0.3
                if self.signed and self.style in ("interior", "padded") and self.odd.random() < 0.4: n.with_rows = True

        for n in self.nests: self.use_rows(n)

    def use_rows(self, n):
        """Spells reads along the innermost loop by pointers to rows."""
        n.rows = []
        if not n.with_rows: return
        for k, (l, shift, *rest) in enumerate(n.reads):
            if l.kind == "flat" and not l.group and not l.written and len(l.axes) > 1 and n.order[-1] == l.axes[0] and "along" not in shift:
                row = f"row{k}"
                others = " + ".join(f"{s} * ({l.index(a, shift)})" for s, a in zip(l.strides(), l.axes[1:]))
                n.rows.append(f"const real* {row} = {l.name} + {others};")
                n.reads[k] = (l, {**shift, "row": row}, *rest)

    def loop(self, n, a):
        """The head of the loop over axis a."""
        T, v, size = self.counter, "i" + AXES[a], SIZES[a]
        b, e = (n.begin[a], n.end[a]) if self.style != "guarded" else (0, 0)
        if n.ragged and a == n.order[-1]:
            size = f"({size} - i{AXES[n.order[0]]} % 2)"
        top = size if e == 0 else f"{size} - {e}"
        if n.triangle is not None and a == n.order[-1]:
            outer = plus(f"i{AXES[n.order[0]]}", n.triangle)
            return f"for ({T} {v} = {b}; {v} < ({top} < {outer} ? {top} : {outer}); ++{v})"
        if n.unequal and b == 0 and e == 0 and n.stride[a] == 1 and not n.down[a] and not n.tile and size == SIZES[a]:
            return f"for ({T} {v} = 0; {v} != {top}; ++{v})"
        if not self.signed: # nothing below zero
            top = size if e == 0 else f"({size} > {e} ? {size} - {e} : 0)"
            if n.down[a]: return f"for ({T} {v} = {top}; {v}-- > {b};)" if b == 0 else f"for ({T} {v} = {top}; {v} > {b} && {v}-- > {b};)"
            return f"for ({T} {v} = {b}; {v} + {e} < {size}; ++{v})" if e and n.spell[a] and not self.openmp else f"for ({T} {v} = {b}; {v} < {top}; {v}++)"
        if n.stride[a] == 2 and not n.down[a]: return f"for ({T} {v} = {b}; {v} < {top}; {v} += 2)"
        if n.tile and a == n.order[-1] and not n.ragged:
            return (f"for ({T} tile = {b}; tile < {top}; tile += {n.tile})\n"
                    f"  for ({T} {v} = tile; {v} < tile + {n.tile} && {v} < {top}; ++{v})")
        if n.down[a]: return f"for ({T} {v} = {top} - 1; {v} >= {b}; --{v})"
        if n.spell[a] == 0: return f"for ({T} {v} = {b}; {v} <= {size} - {e + 1}; ++{v})"
        return f"for ({T} {v} = {b}; {v} < {top}; ++{v})"

    def directives(self, number):
        """OpenMP directives in front of the outermost and of the innermost loop of a nest."""
        n, r = self.nests[number], random.Random(f"{self.name} openmp {number}")
        if not self.openmp or any(w[4] == "sweep" for w in n.writes): return "", ""
        def is_free(a): return (self.signed or not n.down[a]) and all(a in w[0].axes for w in n.writes)
        outer, inner, simd = n.order[0], n.order[-1], ""
        if is_free(inner) and not n.tile and r.random() < 0.25: simd = "#pragma omp simd"
        if not is_free(outer) or r.random() < 0.1: return ("", simd) if self.dims > 1 else (simd, "")
        text = "#pragma omp parallel for"
        if self.dims == 1: text, simd = text + simd[11:], ""
        elif is_free(n.order[1]) and not ((n.ragged or n.rows or n.triangle is not None) and self.dims == 2) and r.random() < 0.3:
            text += " collapse(2)"
            if self.dims == 2: text, simd = text.replace(" collapse", simd[11:] + " collapse"), ""
        text += r.choice([""] * 5 + [" schedule(static, 3)", " schedule(static)", " default(shared)", f" if({SIZES[outer]} > 2)"])
        return text, simd

    def guards(self, n, mode):
        found = []
        if self.style == "guarded":
            for a in range(self.dims):
                v, b, e = "i" + AXES[a], n.begin[a], n.end[a]
                if b: found.append(f"{v} > {b - 1}" if n.spell[a] else f"{v} >= {b}")
                if e: found.append(f"{v} < {SIZES[a]} - {e}" if self.signed else f"{v} + {e} < {SIZES[a]}")
        if n.parity: found.append(f"i{n.parity} % 2 == 0")
        if n.mask is not None:
            i = ["ix", "nx * iy", "nx * ny * iz"][:self.dims]
            found.append(f"mask{n.mask}[{' + '.join(i)}]" + (" > 0" if n.spell[0] else ""))
        for a, by, how, k in n.limits:
            found.append(f"long(i{AXES[a]})" + (f" {'+-'[by < 0]} {abs(by)}" if by else "") + f" {how} lim{k}")
        return found

    # ---- text ----
    def spelled(self, access, mode, how="read"):
        l, shift, component, level = access[:4]
        if mode == "plain": return l.access(shift, component, level)
        return f"r.{how}({l.number}, {l.flat(shift, component, level)})"

    def body(self, mode):
        lines = []
        for number, n in enumerate(self.nests):
            r = random.Random(f"{self.name} {number}")  # the same choices in every mode
            points = Points(r, self.scalars + (["dt"] if self.dt else []))
            depth = 1
            parallel, simd = self.directives(number) if mode == "plain" else ("", "")
            if n.enter: lines.append("  " + n.enter.format(SIZES[n.order[0]]) + " {")
            for a in n.order:
                if n.rows and mode == "plain" and depth == self.dims: lines += ["  " * depth + x for x in n.rows]
                if parallel and depth == 1: lines.append(parallel)
                if simd and depth == self.dims: lines.append(simd)
                lines.append("  " * depth + self.loop(n, a) + " {")
                depth += 1
            conditions = self.guards(n, mode)
            closing = self.dims
            if conditions and n.early and len(conditions) == 1:
                lines.append("  " * depth + f"if (!({conditions[0]}))\n" + "  " * (depth + 1) + "continue;")
            elif conditions:
                lines.append("  " * depth + f"if ({' && '.join(conditions)}) {{")
                depth += 1
                closing += 1
            texts = [f"@{k}@" for k in range(len(n.reads))]
            for k, (l, shift, component, level, a, reach) in enumerate(n.sums):
                inner = self.spelled((l, shift, component, level), mode)
                lines.append("  " * depth + f"real sum{k} = 0;")
                lines.append("  " * depth + f"for (int k = -{reach}; k <= {reach}; ++k)")
                lines.append("  " * depth + f"  sum{k} += real(0.1) * real(k + 2) * {inner};")
            if n.hoist:
                for k, x in enumerate(n.reads):
                    lines.append("  " * depth + f"const real r{k} = {self.spelled(x, mode)};")
            for number, w in enumerate(n.writes):
                op, numbers = w[4], w[5]
                e = (points.linear if self.linear else points.any)([texts[k] for k in numbers])
                for k in range(len(n.sums)): e += f" + {'' if self.linear else f'{texts[numbers[0]]} * '}sum{k}"
                if n.faces: e += " + " + points.faces([[texts[k] for k in line] for line in n.faces], self.linear)
                if n.shared: e += " + " + points.shared([[[texts[k] for k in cells] for cells in places] for places in n.shared], self.linear)
                for weight, values in n.weighted[number:number + 1] and n.weighted[number]:
                    e += " + " + points.weighted([texts[k] for k in weight], [texts[k] for k in values])
                c = points.constant()
                e = re.sub("@(\\d+)@", lambda m: f"r{m[1]}" if n.hoist else self.spelled(n.reads[int(m[1])], mode), e)
                target = self.spelled(w, mode, "write")
                own = self.spelled(w, mode)
                if op == "own": text = f"{target} = {c} * {own} + {e}"
                elif op == "own nonlinear": text = f"{target} = {own} * ({c} + real(0.2) * {own}) + {e}"
                # Errors and values of a sweep must not grow from point to point.
                elif op == "sweep": text = f"{target} = " + (f"real(0.02) * ({e})" if self.linear else f"std::tanh(real(0.1) * ({e}))")
                elif op == "=": text = f"{target} = {e}"
                elif op == "*=": text = f"{self.spelled(w, mode, 'update')} *= real(0.5) + real(0.25) * ({e})"
                else: text = f"{self.spelled(w, mode, 'update')} {op} {e}"
                lines.append("  " * depth + text + ";")
            for _ in range(closing):
                depth -= 1
                lines.append("  " * depth + "}")
            if n.enter: lines.append("  }")
        return "\n".join(lines)

    def used_scalars(self, text): return [s for s in self.scalars if re.search(rf"\b{s}\b", text)]

    def domains(self):
        r, d = self.r, self.dims
        limit = lambda a: self.cap[a] if any(l.is_constant() for l in self.layouts) else 33
        allowed = [[e for e in EXTENTS if e <= limit(a)] for a in range(d)]
        found = [[1] * d, [r.choice(x) for x in allowed], [r.choice([e for e in x if e >= 5]) for x in allowed]]
        found[1][r.randrange(d)] = 0
        thin = [r.choice([e for e in x if e >= 8]) for x in allowed]
        thin[r.randrange(d)] = r.choice([1, 2, 3])
        found.append(thin)
        found.append([r.choice([e for e in x if 8 <= e <= (33 if d < 3 else 17)]) for x in allowed])
        found += [[r.choice(x) for x in allowed] for _ in range(3 if d < 3 else 2)]
        for n in found:
            while n[0] * n[1 % d] * n[-1] > 5000 and d == 3: n[n.index(max(n))] = 9
        if not any(l.is_constant() for l in self.layouts): found.append({1: [150], 2: [137, 6], 3: [75, 4, 9]}[d])  # long rows are aligned
        # Where the parallel loop is vectorised as well, threads get long pieces.
        if (self.openmp or self.odd) and d == 1 and not any(l.is_constant() for l in self.layouts): found += [[1030], [2600]]
        # So many rows that the slabs of a tile depend on the number of threads.
        if self.openmp and d > 1 and not any(l.is_constant() for l in self.layouts): found.append({2: [7, 260], 3: [4, 5, 70]}[d])
        return [n + [1] * (3 - d) for n in found]

    def write(self):
        body = self.body("plain")
        scalars = self.used_scalars(body)
        arrays = sorted(self.layouts, key=lambda l: not l.written)
        arrays = [l for l in arrays if re.search(rf"\b{re.escape(l.group or l.name)}\b", body)]
        for g in ("in.", "out."):  # a pair of which one is left is none
            members = [l for l in arrays if l.group and l.group.startswith(g)]
            if len(members) == 1:
                body = body.replace(members[0].group, members[0].name)
                members[0].group = None
        renumber = {l.name: k for k, l in enumerate(arrays)}
        for l in arrays: l.number = renumber[l.name]
        recorded = self.body("recorded")
        inputs = [l.name for l in arrays if not l.written and not l.inactive and not l.group] + scalars
        groups = {g: [l for l in arrays if l.group and l.group.startswith(g + ".")] for g in ("in", "out")}
        groups = {g: ls for g, ls in groups.items() if len(ls) == 2}
        if "in" in groups: inputs.append("in")
        subset = self.r.sample(inputs, self.r.randint(1, len(inputs))) if inputs and self.ch(0.3) else []
        uses = lambda name: re.search(rf"\b{name}\b", body)

        single = [l for l in arrays if not l.group]
        parameters = [l.parameter() for l in single] + [f"{'pair' if g == 'out' else 'const_pair'} {g}" for g in groups] + [f"ADSTENCIL_ACTIVE real {s}" for s in scalars]
        plain = []  # parameters without a shadow, and their values
        if uses("dt"): plain.append(("real dt", "real(0.3)"))
        for k in range(self.masks): plain.append((f"const int* mask{k}", f"mask[{k}]"))
        for k, value in enumerate(self.limits): plain.append((f"long lim{k}", value))
        for a in range(self.dims): plain.append((f"{self.counter} {SIZES[a]}", f"{self.counter}({SIZES[a]})"))
        for l in arrays:
            for p, value in l.numbers():
                if uses(p): plain.append((f"{self.counter} {p}", f"{self.counter}({value})"))
        parameters += [p for p, _ in plain]
        sizes = "[[maybe_unused]] const long " + ", ".join(f"{s} = n[{k}]" for k, s in enumerate(SIZES[:self.dims])) + ";"

        def arguments(shadows):
            result = []
            for l in single: result += [l.argument("x")] + ([l.argument("xb")] if shadows is not None and (l.written or l.name in shadows) else [])
            for g, members in groups.items():
                both = sorted(members, key=lambda l: l.group)
                pair = lambda m: f"{'pair' if g == 'out' else 'const_pair'}{{{', '.join(l.argument(m) for l in both)}}}"
                result += [pair("x")] + ([pair("xb")] if shadows is not None and (g == "out" or g in shadows) else [])
            for k, s in enumerate(scalars, len(arrays)): result += [f"*x[{k}]"] + ([f"xb[{k}]"] if shadows is not None and s in shadows else [])
            return ", ".join(result + [v for _, v in plain])
        def call(function, shadows): return f"[](CALL_ARGUMENTS) {{ {sizes} {function}({arguments(shadows)}); }}"
        def derivatives(name):
            texts = [call(f"__{m}_{name}", inputs) for m in ("vjp", "adjoint")]
            texts += [call(f"__{m}_{name}_subset", subset) if subset else "nullptr" for m in ("vjp", "adjoint")]
            return "{" + ",\n     ".join(texts) + "}"

        out = []
        wrt = f" ADSTENCIL_WRT({', '.join(chr(34) + s + chr(34) for s in ['subset'] + subset)})" if subset else ""
        for suffix, demand in (("", ""), ("_sequential", " ADSTENCIL_STRATEGY(\"sequential\")")):
            out.append(f"ADSTENCIL_KERNEL{demand}{wrt}\nvoid {self.name}{suffix}({', '.join(parameters)}) {{\n{body}\n}}")
        known = [f"  [[maybe_unused]] constexpr real {s} = 0.5;" for s in scalars + (["dt"] if uses("dt") else [])]
        known += [f"  const int* mask{k} = mask[{k}];" for k in range(self.masks)]
        known += [f"  const long lim{k} = {value};" for k, value in enumerate(self.limits)]
        # Counters are signed here: the recorder counts cells, also in front of an array.
        text = re.sub(rf"for \({self.counter} ", "for (long ", recorded) if self.signed else recorded
        if not self.signed: text = text.replace(f"for ({self.counter} ", "for (long ")
        out.append(f"static void {self.name}_touch(gather::recorder& r, const gather::extents& n, [[maybe_unused]] const int* const* mask) {{\n"
                   f"  using real [[maybe_unused]] = double;\n  {sizes}\n" + "".join(k + "\n" for k in known) + text + "\n}")
        def info(name, written, scalar, inactive, shadow):
            return f'{{"{name}", ' + ", ".join(str(bool(x)).lower() for x in (written, scalar, inactive, shadow)) + "}"
        infos = [info(l.name, l.written, False, l.inactive,
                      l.written or (l.group.split(".")[0] if l.group else l.name) in subset) for l in arrays]
        infos += [info(s, False, True, False, s in subset) for s in scalars]
        domains = ", ".join("{" + ", ".join(map(str, n)) + "}" for n in self.domains())
        out.append(f"static const bool {self.name}_added [[maybe_unused]] = gather::add<real>(\n"
                   f"    GATHER_VARIANT, {{\"{self.name}\",\n    {{{', '.join(infos)}}}, {self.masks},\n    {{{domains}}},\n    {self.name}_touch,\n"
                   f"    {call(self.name, None)},\n    {call('__tangent_' + self.name, inputs)},\n"
                   f"    {derivatives(self.name)},\n    {derivatives(self.name + '_sequential')}}});")
        return "\n\n".join(out) + "\n"


HEAD = """// Written by generate.py.
#include "gather_laws.h"

#include <algorithm>

#define CALL_ARGUMENTS \\
  [[maybe_unused]] const gather::extents &n, real *const *x, [[maybe_unused]] real *const *xb, \\
      [[maybe_unused]] const int *const *mask

namespace gather_@ {

using real = $;
struct cell2 { real a, b; };
struct cell3 { real a, b, c; };
struct pair { real *first, *second; };
struct const_pair { const real *first, *second; };
/// A view of an array of up to three dimensions: rows of r0 cells, planes of r1 rows.
struct view {
  real* d;
  long r0, r1;
  real& operator()(long i, long j = 0, long k = 0) const { return d[i + r0 * (j + r1 * k)]; }
};
struct const_view {
  const real* d;
  long r0, r1;
  const real& operator()(long i, long j = 0, long k = 0) const { return d[i + r0 * (j + r1 * k)]; }
};
inline real mean(real a, real b) { return real(2) * a * b / (real(1.5) + a * a + b * b); }
inline real minmod(real a, real b) {
  if (a * b <= 0) return 0;
  return std::fabs(a) < std::fabs(b) ? a : b;
}
"""


def kernel(seed, number, forms):
    from fluxes import FluxKernel
    from rims import RimKernel
    from weights import WeightedKernel
    return (FluxKernel if forms.fluxes else WeightedKernel if forms.weights else RimKernel if forms.rims else Kernel)(random.Random(f"{seed}/{number}"), f"stencil_{seed}_{number}", forms)


def write(seed, numbers, real, forms, out):
    out.write(HEAD.replace("@", f"{seed}_{numbers[0]}").replace("$", real))
    for k in numbers: out.write("\n" + kernel(seed, k, forms).write())
    out.write("\n} // namespace\n")


def add_forms(p):
    p.add_argument("--openmp", action="store_true", help="with OpenMP directives")
    p.add_argument("--odd", action="store_true", help="with accesses and loops of less usual forms")
    p.add_argument("--fluxes", action="store_true", help="points have values in common with their neighbours")
    p.add_argument("--weights", action="store_true", help="points weigh sums over their neighbours")
    p.add_argument("--rims", action="store_true", help="neighbours outside of the domain are clamped or periodic")
    p.add_argument("--dims", type=int, choices=[1, 2, 3], help="so many axes, and not any number")


def main():
    p = argparse.ArgumentParser(description="Writes random stencils and the calls of their derivatives.",
                                epilog="example: generate.py 1 10 > kernels.cpp")
    p.add_argument("seed", type=int)
    p.add_argument("count", type=int)
    p.add_argument("--first", type=int, default=0, help="number of the first kernel")
    p.add_argument("--real", choices=["float", "double"], default="double")
    add_forms(p)
    a = p.parse_args()
    write(a.seed, list(range(a.first, a.first + a.count)), a.real, a, sys.stdout)


if __name__ == "__main__":
    main()
