"""Random stencils whose points weigh sums over their neighbours: what a point adds to them has a factor in common.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
from generate import Nest
from moving import MovingKernel


class WeightedKernel(MovingKernel):
    def build(self):
        self.linear = False
        super().build()

    def choose_style(self):
        return self.r.choice(["interior"] * 4 + ["padded", "guarded"])

    def nest(self, inputs, produced):
        r, n = self.r, Nest()
        inputs = [l for l in inputs + produced if len(l.axes) == self.dims]
        zero = {a: 0 for a in range(3)}

        def read(l, shift):
            key = (l, shift, r.randrange(l.components) if self.ch(0.1) else 0, 0)
            if key not in n.reads: n.reads.append(key)
            return n.reads.index(key)

        own = [read(l, zero) for l in inputs]
        fields = r.sample(inputs, len(inputs))
        for _ in range(r.choice([1, 1, 2])):
            op = r.choice(["="] * 6 + ["+=", "own"])
            l = self.array("y" if op == "=" else "s", True)
            n.writes.append((l, zero, r.randrange(l.components), 0, op, r.sample(own, r.randint(1, len(own)))))
            terms = []
            for _ in range(r.choice([1, 1, 2])):
                field = fields.pop() if fields and self.ch(0.8) else r.choice(inputs)
                shifts = [s for s in self.shifts(field) if any(s.values())] or [{**zero, self.natural[0]: 1}]
                terms.append((r.sample(own, r.randint(1, len(own))), [read(field, s) for s in shifts]))
            n.weighted.append(terms)
        self.nests.append(n)
        return n
