"""Random stencils whose reads all move with every axis, in loops of mostly usual forms.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
from generate import Kernel


class MovingKernel(Kernel):
    def array(self, stem, written, kind=None):
        l = super().array(stem, written, kind)
        if not written:
            l.axes, l.step = list(self.natural), 1
            l.extra = {a: l.extra.get(a, 0) for a in l.axes}
            l.pad = {a: 4 if self.style == "padded" else 0 for a in l.axes}
        return l

    def place(self):
        super().place()
        for n in self.nests:
            if self.ch(0.9): n.mask = n.parity = None
            if self.ch(0.9): n.ragged, n.tile = False, 0
            n.stride = [1] * self.dims
