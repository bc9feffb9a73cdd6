"""Where the cells of a random kernel's arrays lie, and how the kernel spells an access.

A layout turns the indices of a point into two texts: the access as the kernel writes it, and the index of the cell as
gather_laws.h's recorder counts.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
SIZES = ("nx", "ny", "nz")


def plus(text, number):
    return text if number == 0 else f"{text} + {number}" if number > 0 else f"{text} - {-number}"


class Layout:
    """One array. `axes` are those it has in memory, fastest first; `step` is 2 for arrays of double resolution."""

    def __init__(self, r, name, number, kind, axes, step, counter, written):
        self.name, self.number, self.kind, self.axes, self.step = name, number, kind, axes, step
        self.counter, self.written = counter, written
        self.components = r.choice([2, 3]) if kind in ("aos", "struct") else 1
        self.levels = r.choice([2, 3]) if kind == "levels" else 1
        self.spelling = r.randrange(4)
        self.pad = {a: 0 for a in axes}
        self.group = None      # the struct of pointers that the array is a member of
        self.inactive = False  # has no shadow
        self.extra = {a: 0 for a in axes}  # a row has step * n + extra cells
        self.cap = None  # constant extents: a row has step * cap + extra cells

    def is_constant(self): return self.kind in ("constant", "constflat")

    # ---- fitting the rows to what the kernel accesses ----
    def fit(self, a, shift, end, step=None):
        """Makes rows on axis a long enough for points up to n - end - 1."""
        step = step or self.step
        self.extra[a] = max(self.extra[a], self.pad[a] + shift - step * end - step + 1 - (self.step - step) * (end + 1))

    def row(self, a):
        if self.is_constant(): return str(self.step * self.cap[a] + self.extra[a])
        return plus(f"2 * {SIZES[a]}" if self.step == 2 else SIZES[a], self.extra[a])

    # ---- the parts of an access ----
    def index(self, a, shift):
        """The index on axis a. Beside the shifts there may be an axis that is turned round ("flip"), one on which a text is
        added ("along", "text"), and a step that is not the array's."""
        v, step = "i" + "xyz"[a], shift.get("step", self.step)
        if shift.get("flip") == a: v = f"({SIZES[a]} - 1 - {v})"
        text = plus(f"2 * {v}" if step == 2 else v, self.pad[a] + shift[a])
        return f"{text} + {shift['text']}" if shift.get("along") == a else text

    def strides(self):
        """Texts of the strides of all axes but the first."""
        rows = [f"({self.row(a)})" for a in self.axes[:-1]]
        return [" * ".join(rows[:k + 1]) for k in range(len(rows))]

    def cell(self, shift, spelling):
        i = [f"({self.index(a, shift)})" for a in self.axes]
        rows = [f"({self.row(a)})" for a in self.axes]
        if len(i) == 1: return self.index(self.axes[0], shift)
        if spelling == 0:
            text = i[-1]
            for k in range(len(i) - 2, -1, -1): text = f"{i[k]} + {rows[k]} * ({text})"
            return text
        if spelling == 1: return " + ".join([i[0]] + [f"{s} * {x}" for s, x in zip(self.strides(), i[1:])])
        if spelling == 2 and not self.is_constant():
            return " + ".join([i[0]] + [f"{self.name}_s{k + 1} * {x}" for k, x in enumerate(i[1:])])
        text = i[-1]
        for k in range(len(i) - 2, -1, -1): text = f"({text}) * {rows[k]} + {i[k]}"
        return text

    def flat(self, shift, component=0, level=0):
        """The index of the cell, for the recorder."""
        text = self.cell(shift, 0)
        if self.components > 1: return f"{self.components} * ({text}) + {component}"
        if self.kind == "levels": return f"{text} + {self.level_size('row')} * {level}"
        return text

    def level_size(self, how):
        return " * ".join(f"({self.row(a)})" for a in self.axes) if how == "row" else f"{self.name}_level"

    def access(self, shift, component=0, level=0):
        n = self.group or self.name
        if "row" in shift: return f"{shift['row']}[{self.index(self.axes[0], shift)}]"
        if self.kind == "constant" and len(self.axes) > 1:
            return n + "".join(f"[{self.index(a, shift)}]" for a in reversed(self.axes))
        if self.kind == "view": return f"{n}({', '.join(self.index(a, shift) for a in self.axes)})"
        text = self.cell(shift, self.spelling)
        if self.kind == "aos":
            c = self.components
            return f"{n}[{c} * ({text}) + {component}]" if self.spelling % 2 else f"{n}[({text}) * {c} + {component}]"
        if self.kind == "struct": return f"{n}[{text}].{'abc'[component]}"
        if self.kind == "levels":
            return f"{n}[{text}]" if level == 0 else f"{n}[{level} * {n}_level + {text}]"
        return f"*({n} + ({text}))" if self.spelling == 3 and not self.group else f"{n}[{text}]"

    # ---- parameters and arguments ----
    def parameter(self):
        const, n = "" if self.written else "const ", self.name
        if self.inactive: const = "ADSTENCIL_INACTIVE " + const
        if self.kind == "constant" and len(self.axes) > 1:
            return f"{const}real (*{n})" + "".join(f"[{self.row(a)}]" for a in reversed(self.axes[:-1]))
        if self.kind == "view": return f"{'ADSTENCIL_INACTIVE ' * self.inactive}{'view' if self.written else 'const_view'} {n}"
        if self.kind == "struct": return f"{const}cell{self.components}* {n}"
        return f"{const}real* {n}"

    def argument(self, memory):
        m = f"{memory}[{self.number}]"
        if self.kind == "constant" and len(self.axes) > 1:
            return f"reinterpret_cast<real (*)" + "".join(f"[{self.row(a)}]" for a in reversed(self.axes[:-1])) + f">({m})"
        if self.kind == "view":
            rows = [self.row(a) for a in self.axes[:-1]] + ["0"] * (3 - len(self.axes))
            return f"{'view' if self.written else 'const_view'}{{{m}, long({rows[0]}), long({rows[1]})}}"
        if self.kind == "struct": return f"reinterpret_cast<cell{self.components}*>({m})"
        return m

    def numbers(self):
        """Further parameters, each with the text of its value."""
        result = []
        if self.kind in ("flat", "aos", "struct", "levels") and self.spelling == 2:
            result += [(f"{self.name}_s{k + 1}", s) for k, s in enumerate(self.strides())]
        if self.kind == "levels": result.append((f"{self.name}_level", self.level_size("row")))
        return result
