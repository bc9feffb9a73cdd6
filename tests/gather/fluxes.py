"""Random stencils whose points have values in common with their neighbours: fluxes through faces, values at corners,
functions of a cell that several points read.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
from generate import Nest
from moving import MovingKernel


class FluxKernel(MovingKernel):
    def choose_style(self):
        return self.r.choice(["interior"] * 3 + ["padded"])

    def displacements(self):
        """Where a point finds one value: two or more places."""
        r, zero = self.r, (0,) * self.dims
        a = r.randrange(self.dims)
        step = lambda k: tuple(k if x == a else 0 for x in range(self.dims))
        kind = r.choice(["face"] * 6 + ["line", "corner", "corner", "any"])
        if kind == "face": return [zero, step(-1)]
        if kind == "line": return [step(1), zero, step(-1)]
        if kind == "corner": return [tuple(-(k >> x & 1) for x in range(self.dims)) for k in range(min(4, 2 ** self.dims))]
        return list({tuple(r.randint(-1, 1) for _ in range(self.dims)) for _ in range(r.choice([2, 3]))})

    def nest(self, inputs, produced):
        r, n = self.r, Nest()
        inputs = [l for l in inputs + produced if len(l.axes) == self.dims]
        reads = {}

        def read(l, at):
            key = (l.number, at, r.randrange(l.components) if self.ch(0.2) else 0)
            if key not in reads:
                reads[key] = len(n.reads)
                n.reads.append((l, {a: at[a] if a < self.dims else 0 for a in range(3)}, key[2], 0))
            return reads[key]

        for _ in range(r.choice([0, 1, 1, 2])): read(r.choice(inputs), tuple(r.randint(-1, 1) for _ in range(self.dims)))
        if not n.reads: read(inputs[0], (0,) * self.dims)
        plain = list(range(len(n.reads)))
        for _ in range(r.choice([1, 1, 2, 2, 3])):
            places = self.displacements()
            face = len(places) == 2
            a = next((x for x in range(self.dims) if any(p[x] for p in places)), 0)
            if face and self.ch(0.8):
                w = r.choice([1, 1, 2])
                cells = [tuple(k if x == a else 0 for x in range(self.dims)) for k in range(1 - w, w + 1)]
            else:
                cells = [tuple(r.randint(0, 1) for _ in range(self.dims)) for _ in range(r.choice([1, 2, 3]))]
            cells = [(r.choice(inputs) if self.ch(0.3) else inputs[0], c) for c in dict.fromkeys(cells)]
            state = r.getstate()  # the same components at all places
            found = []
            for p in places:
                r.setstate(state)
                found.append([read(l, tuple(x + y for x, y in zip(c, p))) for l, c in cells])
            n.shared.append(found)
        for _ in range(r.choice([1, 1, 2])):
            op = r.choice(["="] * 6 + ["+=", "own"])
            l = self.array("y" if op == "=" else "s", True)
            component, zero = r.randrange(l.components), {a: 0 for a in range(3)}
            n.writes.append((l, zero, component, 0, op, plain))
            if op == "=" and l.components > 1: n.writes.append((l, zero, (component + 1) % l.components, 0, "=", plain))
        self.nests.append(n)
        return n
