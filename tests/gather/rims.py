"""Random stencils on whole domains: where a neighbour would lie outside, the index is clamped or goes around.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
from layouts import SIZES, Layout
from moving import MovingKernel

CLAMPED = ["choice", "choice", "extreme", "between", "branch"]
PERIODIC = ["around", "around", "turn"]


class RimKernel(MovingKernel):
    def choose_style(self):
        # By axis: what happens at its ends.
        self.rims = [self.r.choice(CLAMPED + PERIODIC) for _ in range(3)]
        if self.ch(0.5): self.rims = [self.r.choice(CLAMPED + PERIODIC)] * 3
        return "rim"

    def array(self, stem, written, kind=None):
        l = super().array(stem, written, kind)
        l.index = lambda a, shift: self.index(l, a, shift)
        return l

    def index(self, l, a, shift):
        k, v, n = shift[a], "i" + "xyz"[a], SIZES[a]
        if k == 0 or self.rims[a] == "inside": return Layout.index(l, a, shift)
        zero, last = f"{self.counter}(0)", f"{self.counter}({n} - 1)"
        kind = self.rims[a]
        moved = f"{v} + {k}" if k > 0 else f"{v} - {-k}"
        if kind == "turn" and abs(k) == 1: # ends at a test
            return f"({v} + 1 == {n} ? 0 : {v} + 1)" if k > 0 else f"({v} == 0 ? {n} - 1 : {v} - 1)"
        if kind in PERIODIC:
            return f"({moved}) % {n}" if k > 0 else f"({v} + {f'{-k} * ' if k < -1 else ''}{n} - {-k}) % {n}"
        if kind == "extreme" and self.signed:
            return f"std::min<{self.counter}>({moved}, {last})" if k > 0 else f"std::max<{self.counter}>({moved}, {zero})"
        if kind == "between" and self.signed: return f"std::clamp<{self.counter}>({moved}, {zero}, {last})"
        if abs(k) == 1 and kind == "choice" and self.spell_bool: return f"{v} + ({v} < {n} - 1)" if k > 0 else f"{v} - ({v} > 0)"
        return f"({v} + {k} < {n} ? {moved} : {n} - 1)" if k > 0 else f"({v} >= {-k} ? {moved} : 0)"

    def spelled(self, access, mode, how="read"):
        l, shift, component, level = access[:4]
        ends = [a for a in l.axes if shift[a] and self.rims[a] == "branch"]
        if how != "read" or len(ends) != 1 or abs(shift[ends[0]]) != 1: return super().spelled(access, mode, how)
        a, k = ends[0], shift[ends[0]]
        inside = f"i{'xyz'[a]} < {SIZES[a]} - 1" if k > 0 else f"i{'xyz'[a]} > 0"
        # The plain index on this axis is that of the chosen one where it is inside.
        at_end = super().spelled((l, {**shift, a: 0}, component, level), mode, how)
        kind, self.rims[a] = self.rims[a], "inside"
        neighbour = super().spelled(access, mode, how)
        self.rims[a] = kind
        return f"({inside} ? {neighbour} : {at_end})"

    def nest(self, inputs, produced):
        n, zero = super().nest(inputs, produced), {a: 0 for a in range(3)}
        n.sums = []
        n.writes = [(w[0], zero, *w[2:]) for w in n.writes]
        return n

    def make_odd(self, nest):
        reads = list(nest.reads)
        super().make_odd(nest)
        nest.reads = reads  # none that is moved by data or turned round

    def build(self):
        self.spell_bool = self.ch(0.5)
        self.steps_levels = False
        super().build()
