#!/usr/bin/env python3
# Writes a file of random CUDA kernels and registers each with the laws of derivatives:
#
#     generate.py SEED COUNT [--only I,J,…] [--without I,J,…] [--adjoint I,J,…] > kernels.cu
#
# The same seed gives the same file. Kernels are free of data races: points belong to one thread each, and all stores go to
# cells of the thread's own points, but for atomic sums. Values stay smooth and of order one, and what is branched on keeps
# away from zero, so that difference quotients mean something. What docs/cuda.md says is refused is not generated; kernels
# whose __vjp_ alone is refused are registered with RANDOM_CASE_ADJOINT (random_cuda.h).
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import argparse
import random
import sys

# Functions of any argument of order one, with results of order one. @ is the argument, F(name) CUDA's name for `real`.
UNARY = """sin(@) cos(@) tanh(@) atan(@) std::sin(@) std::cos(@) std::tanh(@) F(sin)(@) F(cos)(@) F(tanh)(@)
exp(-@*@) F(exp)(-@*@) std::exp(real(-0.5)*@*@) F(sqrt)(R(1.5)+sin(@)) std::sqrt(R(1)+@*@) F(rsqrt)(R(1)+@*@)
rsqrt(R(1.5)+cos(@)) F(log)(R(2)+@*@) std::log(R(1.5)+@*@) F(log1p)(@*@) std::log1p(@*@) F(cbrt)(R(1.5)+tanh(@))
F(erf)(@) erf(@) F(sinpi)(R(0.3)*@) F(cospi)(R(0.3)*@) F(exp2)(tanh(@)) F(expm1)(tanh(@)) F(asinh)(@)
F(pow)(R(1.5)+R(0.4)*sin(@),R(1.3)) std::pow(R(1)+@*@,R(-0.5)) F(normcdf)(@) F(hypot)(@,R(1)) std::hypot(R(1),@)
F(atan)(@) R(1)/(R(1)+@*@) fabs(R(2)+sin(@)) std::abs(R(2)+cos(@)) F(fabs)(R(-2)+sin(@)) F(log2)(R(2)+@*@)
F(atan2)(@,R(2)) F(rhypot)(@,R(1)) F(norm3d)(@,R(1),R(0.5)) F(rcbrt)(R(2)+cos(@)) powi_(R(0.8)*tanh(@),3)
F(fma)(@,R(0.5),R(0.2)) fma(@,@,R(-0.4)) bell(@) DIV(@,R(1)+@*@)""".split()
INDEX_TYPES = ["int", "int", "int", "int", "unsigned", "unsigned", "long", "std::size_t", "int64", "uint64"]


class Array:
    """One array of a kernel. `size` counts numbers, `width` the numbers of an element as the kernel sees it."""
    def __init__(self, name, role, size, const, init=None):
        self.name, self.role, self.size, self.const, self.init = name, role, size, const, init
        self.form = "pointer"
        self.spell = lambda index: f"{name}[{index}]"
        self.declaration = None
        self.cast = "%s"


class Kernel:
    def __init__(self, r, name):
        self.r, self.name = r, name
        self.uid = 0
        self.arrays, self.params, self.ints, self.lines, self.before = [], [], [], [], []
        self.depth = 1
        self.reals, self.locals, self.natural = [[]], [[]], [[]]
        self.vjp = True
        self.once = self.ch(0.55)  # one store for each cell, nothing read back: __vjp_ can be had
        self.stored = set()
        self.bits = "never"
        self.budget = r.choice([4, 8, 14, 22])
        self.record_free = False  # inside a loop of run-time length: nothing but sums may be carried
        self.indexed = {}

    # ---- small helpers ----
    def ch(self, p): return self.r.random() < p
    def fresh(self, stem): self.uid += 1; return f"{stem}{self.uid}"
    def out(self, text): self.lines.append("  " * self.depth + text)
    def real(self, value): return f"real({value})" if self.ch(0.85) else f"{float(value)}"
    def push(self):
        for scope in (self.reals, self.locals, self.natural): scope.append([])
    def pop(self):
        for scope in (self.reals, self.locals, self.natural): scope.pop()
    def flat(self, scopes): return [x for scope in scopes for x in scope]

    # ---- the grid: which points there are and which thread has them ----
    def choose_grid(self):
        r = self.r
        self.dims = r.choice([1, 1, 1, 2, 2, 2, 3])
        self.extent = [[r.randint(13, 40)], [r.randint(5, 9), r.randint(4, 8)], [r.randint(3, 6) for _ in range(3)]][self.dims - 1]
        while len(self.extent) < 3: self.extent.append(1)
        nx, ny, nz = self.extent
        self.n = nx * ny * nz
        self.type = r.choice(INDEX_TYPES)
        self.signed = self.type[0] == "i" or self.type == "long"
        self.axes = "ijk"[:self.dims]
        self.constant_extents = self.ch(0.15)
        self.extents_type = self.type if self.ch(0.7) else ("int" if self.signed else "unsigned")
        self.scheme = r.choice(["one", "one", "one", "stride", "stride", "blocked", "strided", "flat", "flat_stride", "column"])
        if self.dims == 1 and self.scheme in ("flat", "flat_stride", "column"):
            self.scheme = r.choice(["one", "stride"])
        self.interior = False
        self.reach = 1 + (nx if self.dims > 1 else 1) + (nx * ny if self.dims > 2 else 0)

    def extents(self): return ["nx", "ny", "nz"][:self.dims]
    def count(self): return " * ".join(self.extents()) if self.dims > 1 else "nx"

    def thread(self, axis):
        """The thread's index on an axis."""
        t = self.type
        return self.r.choice([f"blockIdx.{axis} * blockDim.{axis} + threadIdx.{axis}",
                              f"threadIdx.{axis} + blockDim.{axis} * blockIdx.{axis}",
                              f"{t}(blockIdx.{axis}) * blockDim.{axis} + threadIdx.{axis}",
                              f"({t})blockDim.{axis} * ({t})blockIdx.{axis} + ({t})threadIdx.{axis}",
                              f"thread_<{t}>().{axis}()"])
    def threads(self, axis):
        return self.r.choice([f"gridDim.{axis} * blockDim.{axis}", f"blockDim.{axis} * gridDim.{axis}",
                              f"{self.type}(gridDim.{axis}) * {self.type}(blockDim.{axis})"])

    def own_index(self):
        """The flat index of the point (i, j, k)."""
        r = self.r
        if self.dims == 1: return "i"
        if self.dims == 2: return r.choice(["i + nx * j", "j * nx + i", "i + j * nx"])
        return r.choice(["i + nx * (j + ny * k)", "(k * ny + j) * nx + i", "i + nx * j + nx * ny * k"])

    def guard_inside(self):
        """Conditions that keep (i, j, k) inside the grid, each as (inside, outside)."""
        r = self.r
        result = []
        low = self.interior
        for a, e in zip(self.axes, self.extents()):
            # nx - 1 is at least 2: no wrap-around in unsigned types
            top = f"{e} - 1" if low else e
            if low:
                result.append(r.choice([(f"{a} > 0", f"{a} < 1"), (f"{a} >= 1", f"{a} == 0"), (f"{a} != 0", f"!{a}")]))
            result.append(r.choice([(f"{a} < {top}", f"{a} >= {top}"), (f"{top} > {a}", f"!({a} < {top})"),
                                    (f"{a} + 1 <= {top}", f"{a} + 1 > {top}")]))
        if self.ch(0.2): r.shuffle(result)
        return result

    def guard(self, leave):
        """Opens the guard; returns how many braces are to close."""
        r = self.r
        conditions = self.guard_inside()
        style = r.randrange(5)
        if style == 0:
            self.out(f"if ({' && '.join(c for c, _ in conditions)}) {{"); self.depth += 1
            return 1
        if style == 1:
            self.out(f"if ({' || '.join(c for _, c in conditions)})"); self.out(f"  {leave};")
            return 0
        if style == 2:
            self.out(f"if (!({' && '.join(c for c, _ in conditions)}))"); self.out(f"  {leave};")
            return 0
        if style == 3:
            for _, c in conditions: self.out(f"if ({c}) {leave};")
            return 0
        cut = r.randint(0, len(conditions) - 1)
        if cut: self.out(f"if ({' || '.join(c for _, c in conditions[:cut])}) {leave};")
        self.out(f"if ({' && '.join(c for c, _ in conditions[cut:])}) {{"); self.depth += 1
        return 1

    def over(self):
        r = self.r
        blocks = {1: [(8,), (16,), (32,), (5,)], 2: [(4, 4), (8, 2), (3, 5)], 3: [(2, 2, 2), (4, 2, 1), (3, 1, 2)]}
        threads = self.launch
        return f"over({', '.join(map(str, threads))}).block({', '.join(map(str, r.choice(blocks[len(threads)])))})"

    # ---- arrays ----
    def array(self, stem, role, size, init=None, plain=False):
        r = self.r
        a = Array(self.fresh(stem), role, size, role == "in", init)
        name, const = a.name, "const " if role == "in" else ""
        if role == "in" and self.ch(0.1): const = ""  # only read, but could be written
        style = r.randrange(12) if not plain else 99
        if style == 0:
            a.declaration = f"view<{const}real> {name}"
            a.cast = f"(view<{const}real>{{%s, {size}}})"
            a.spell = lambda e: r.choice([f"{name}[{e}]", f"{name}({e})", f"{name}.data[{e}]"])
        else:
            qualifier = " __restrict__ " if self.ch(0.35) else " "
            a.declaration = f"{const}real*{qualifier}{name}"
            forms = [lambda e: f"{name}[{e}]"] * 6 + [lambda e: f"*({name} + ({e}))", lambda e: f"cell({name}, {e})",
                                                       lambda e: f"(&{name}[{e}])[0]"]
            if role == "in" and const:
                forms += [lambda e: f"__ldg(&{name}[{e}])", lambda e: f"__ldg({name} + ({e}))", lambda e: f"get({name}, {e})"]
            a.spell = lambda e: r.choice(forms)(e)
        self.arrays.append(a)
        self.params.append(("array", a))
        return a

    def integers(self, stem, values):
        name = self.fresh(stem)
        self.ints.append((name, values))
        self.params.append(("ints", (name, len(self.ints) - 1)))
        qualifier = self.r.choice([" ", " __restrict__ "])
        self.int_declarations[name] = f"const int*{qualifier}{name}"
        return name

    def int_table(self, kind):
        """A table of integers, made once: places in the grid, a permutation, small numbers, starts of rows."""
        if kind in self.indexed: return self.indexed[kind]
        r, n = self.r, self.n
        if kind == "place": values = [r.randrange(n) for _ in range(n)]
        elif kind == "perm": values = r.sample(range(n), n)
        elif kind == "small": values = [r.randrange(5) for _ in range(n)]
        elif kind == "rows":
            values = [0]
            for _ in range(n): values.append(values[-1] + r.choice([0, 1, 1, 2, 3]))
        self.indexed[kind] = self.integers(kind, values), values
        return self.indexed[kind]

    def load_int(self, table, index):
        return self.r.choice([f"{table}[{index}]"] * 3 + [f"__ldg(&{table}[{index}])", f"get({table}, {index})"])

    def input(self):
        """An input array of some layout; returns a function that makes a load from it."""
        r, n, H = self.r, self.n, self.reach
        kind = r.choice(["own", "own", "halo", "halo", "halo", "grid", "grid", "components", "struct", "levels", "short", "fine"])
        if kind == "own":
            a = self.array("x", "in", n)
            return lambda: a.spell("p")
        if kind == "halo":
            a = self.array("h", "in", n + 2 * H)
            H_text = self.integer_parameter("off", H) if self.ch(0.3) else str(H)
            return lambda: a.spell(f"p + {H_text}{self.shift(1)}")
        if kind == "grid":
            a = self.array("u", "in", n)
            return lambda: a.spell(self.place())
        if kind == "components":
            c = r.choice([2, 3, 4])
            a = self.array("c", "in", c * n)
            if self.ch(0.5): return lambda: a.spell(f"{self.place()} + {r.randrange(c)} * {self.total()}")
            return lambda: a.spell(f"{c} * ({self.place()}) + {r.randrange(c)}")
        if kind == "struct":
            a = self.array("s", "in", 3 * n, plain=True)
            const = r.choice(["const ", "const ", ""])
            a.declaration = f"{const}triple* {a.name}"
            a.cast = "reinterpret_cast<triple*>(%s)"
            field = lambda: r.choice(["a", "b", "c"])
            return lambda: r.choice([lambda: f"{a.name}[{self.place()}].{field()}", lambda: f"({a.name} + ({self.place()}))->{field()}",
                                     lambda: f"get_{field()}({a.name}[{self.place()}])", lambda: f"triple({a.name}[{self.place()}]).{field()}"])()
        if kind == "levels":
            a = self.array("l", "in", 3 * n)
            level = self.integer_parameter("level", r.randrange(3)) if self.ch(0.5) else str(r.randrange(3))
            return lambda: a.spell(f"{self.place()} + {self.total()} * {level}")
        if kind == "short":
            a = self.array("w", "in", max(self.extent))
            return lambda: a.spell(r.choice(list(self.axes) + ["0", "2"]))
        a = self.array("f", "in", 2 * n + 1)
        return lambda: a.spell(r.choice(["2 * p", "2 * p + 1", "2 * p + 2", "p / 2", "p"]))

    def total(self): return self.r.choice(["n"] * 3 + [f"({self.count()})"])

    def shift(self, scale=1):
        if self.ch(0.15): return ""
        step = self.r.choice([["1", "1", "2"], ["1", "nx", "(nx + 1)"], ["1", "nx", "nx * ny", "(nx * ny + nx)"]][self.dims - 1])
        return f" {self.r.choice('+-')} {step}"

    def place(self):
        """A flat index into the grid, for reading."""
        r = self.r
        c = [lambda: "p"] * 2
        if self.interior:
            c += [lambda: "p" + r.choice([[" - 1", " + 1"], [" - 1", " + 1", " - nx", " + nx", " - nx + 1", " + nx - 1"],
                                          [" - 1", " + 1", " - nx", " + nx", " - nx * ny", " + nx * ny"]][self.dims - 1])] * 6
        def table():
            t, _ = self.int_table("place"); return self.load_int(t, "p")
        def permuted():
            t, _ = self.int_table("perm"); return self.load_int(t, "p")
        def on_axis():
            a = r.randrange(self.dims)
            v, e = self.axes[a], self.extents()[a]
            x = r.choice([f"({v} + 1 < {e} ? {v} + 1 : {v})", f"({v} > 0 ? {v} - 1 : {v})", f"({v} + 1) % {e}", f"({v} + {e} - 1) % {e}",
                          f"({e} - 1 - {v})", f"min({v} + 1, {self.type}({e} - 1))", "0", f"({e} - 1)"])
            at = list(self.axes); at[a] = x
            return self.flatten(at)
        c += [table, permuted, on_axis, on_axis, lambda: f"({self.total()} - 1 - p)", lambda: "p / 2", lambda: "0"]
        if self.flat(self.natural): c += [lambda: r.choice(self.flat(self.natural))] * 3
        return r.choice(c)()

    def flatten(self, at):
        if self.dims == 1: return at[0]
        if self.ch(0.3): return f"shape({', '.join(at)})"
        if self.dims == 2: return f"{at[0]} + nx * ({at[1]})"
        return f"{at[0]} + nx * (({at[1]}) + ny * ({at[2]}))"

    def integer_parameter(self, stem, value):
        name = self.fresh(stem)
        self.params.append(("int", (self.r.choice([self.type, "int"]) if self.signed else self.type, name, value)))
        return name

    def scalar(self):
        r = self.r
        style = r.randrange(4)
        name = self.fresh("a")
        if style < 2:
            a = self.array("_", "in", 1, plain=True)
            a.name = name
            a.declaration = f"ADSTENCIL_ACTIVE real {name}"
            a.cast = "scalar"
            return lambda: name
        if style == 2:
            self.params.append(("value", (r.choice(["real", "double", "float"]), name, r.choice([0.25, 0.5, 0.75]))))
            return lambda: name
        a = self.array("_", "in", 3, plain=True)
        a.name = name
        a.declaration = f"ADSTENCIL_ACTIVE triple {name}"
        a.cast = "triple"
        return lambda: f"{name}.{r.choice('abc')}"

    def output(self):
        """An array that is written: cells that belong to a point, and what else of it may be read."""
        r, n = self.r, self.n
        kinds = ["plain"] * 4 + ["soa", "aos", "struct", "level", "perm", "sum", "sum", "half", "even"]
        if self.interior: kinds += ["colour"] * 2
        if any(t["kind"] == "colour" for t in self.targets): kinds = ["plain", "soa"]
        kind = r.choice(kinds)
        t = dict(kind=kind, cells=[], reads=[], condition=None)
        if kind == "plain":
            a = self.array("y", "out", n); t["cells"] = [lambda: a.spell("p")]
        elif kind == "soa":
            c = r.choice([2, 3]); a = self.array("y", "out", c * n)
            t["cells"] = [(lambda q: lambda: a.spell(f"p + {q} * {self.total()}" if q else "p"))(q) for q in range(c)]
            t["any"] = (c, lambda v: a.spell(f"p + {v} * {self.total()}"))
        elif kind == "aos":
            c = r.choice([2, 3, 4]); a = self.array("y", "out", c * n)
            t["cells"] = [(lambda q: lambda: a.spell(f"{c} * p + {q}"))(q) for q in range(c)]
            t["any"] = (c, lambda v: a.spell(f"{c} * p + {v}"))
        elif kind == "struct":
            a = self.array("y", "out", 3 * n, plain=True)
            a.declaration = f"triple* {r.choice(['', '__restrict__ '])}{a.name}"; a.cast = "reinterpret_cast<triple*>(%s)"
            t["cells"] = [(lambda q: lambda: r.choice([f"{a.name}[p].{q}", f"({a.name} + p)->{q}"]))(q) for q in "abc"]
            t["whole"] = f"{a.name}[p]"
        elif kind == "level":
            a = self.array("y", "out", 2 * n)
            t["cells"] = [lambda: a.spell(f"p + {self.total()}")]; t["reads"] = [lambda: a.spell(self.place())] * 2
        elif kind == "perm":
            a = self.array("y", "out", n); table, _ = self.int_table("perm")
            t["cells"] = [lambda: a.spell(self.load_int(table, "p"))]
        elif kind == "sum":
            bins = r.choice([1, 3, self.extent[0]]); a = self.array("y", "out", bins)
            small = lambda: self.load_int(self.int_table("small")[0], "p")
            where = {1: [lambda: "0"], 3: [lambda: f"{small()} % 3", lambda: "p % 3", lambda: "1"]}.get(bins, [lambda: "i", lambda: f"{small()} % nx"])
            if bins == 1: where = [lambda: "0"]
            t["atomic"] = lambda: r.choice([f"&{a.name}[{r.choice(where)()}]", f"{a.name} + {r.choice(where)()}"])
            a.declaration = f"real* {a.name}"; a.cast = "%s"
        elif kind == "half":
            a = self.array("y", "out", (n + 1) // 2); bit = r.randrange(2)
            if bit: a.size = n // 2
            t["cells"] = [lambda: a.spell(r.choice(["p / 2", "(p >> 1)"]))]; t["condition"] = r.choice([f"p % 2 == {bit}", f"(p & 1) == {bit}"])
        elif kind == "even":
            a = self.array("y", "out", 2 * n + 1); bit = r.randrange(2)
            t["cells"] = [lambda: a.spell(f"2 * p + {bit}" if bit else "2 * p")]
            t["reads"] = [lambda: a.spell(f"2 * p + {1 - bit}"), lambda: a.spell(f"2 * p + {2 if bit else 1}")]
        else:
            a = self.array("y", "out", n); bit = r.randrange(2)
            t["cells"] = [lambda: a.spell("p")]; t["condition"] = f"({' + '.join(self.axes)}) % 2 == {bit}"
            step = [["1"], ["1", "nx"], ["1", "nx", "nx * ny"]][self.dims - 1]
            t["reads"] = [lambda: a.spell(f"p {r.choice('+-')} {r.choice(step)}")]
        t["array"] = a
        a.role = "in"  # until something is stored
        self.targets.append(t)

    # ---- expressions ----
    def load(self):
        r = self.r
        c = [lambda: r.choice(self.loads)()] * 4
        reals, local = self.flat(self.reals), self.flat(self.locals)
        if reals: c += [lambda: r.choice(reals)] * 3
        if local: c += [lambda: (lambda v: v[0].replace("@", self.small_index(v[1])))(r.choice(local))] * 2
        if self.readable and not self.record_free: c += [lambda: r.choice(self.readable)()] * 2
        if self.scalars: c += [lambda: r.choice(self.scalars)()]
        return r.choice(c)()

    def small_index(self, size):
        r = self.r
        c = [lambda: str(r.randrange(size))] * 3 + [lambda: f"p % {size}", lambda: f"{self.load_int(self.int_table('small')[0], 'p')} % {size}"]
        for v in self.loop_variables:
            c += [lambda v=v: f"{v} % {size}"] * 2
        return r.choice(c)()

    def sign(self): return f"sg[{self.r.choice(['p', 'p', self.place()])}]"

    def condition(self, data=True):
        r = self.r
        c = [lambda: f"p % {r.choice([2, 3])} == {r.randrange(2)}", lambda: f"i < {self.extent[0] // 2}", lambda: f"{r.choice(self.axes)} != 2",
             lambda: f"{self.load_int(self.int_table('small')[0], 'p')} {r.choice(['<', '>', '=='])} {r.randrange(1, 4)}"]
        if data and self.use_sign: c += [lambda: f"{self.sign()} {r.choice('<>')} 0", lambda: f"{self.sign()} * {self.sign()} > real(0)"] * 2
        a = r.choice(c)()
        if self.ch(0.25): return f"({a} {r.choice(['&&', '||'])} {r.choice(['', '!'])}({r.choice(c)()}))"
        return a

    def expr(self, d=2):
        r = self.r
        if d == 0 or self.ch(0.12): return self.load() if self.ch(0.92) else self.real(r.choice([0.5, 0.25, 1, -0.3]))
        e = lambda: self.expr(d - 1)
        k = r.randrange(16)
        if k < 4: return f"({self.real(0.5)} * {e()} {r.choice('+-')} {self.real(0.4)} * {e()})"
        if k < 7: return f"({self.real(0.4)} * {e()} * {e()})"
        if k == 7: return f"({e()} - {e()}) * {self.real(0.5)}"
        if k == 8: return f"{e()} / ({self.real(2.1)} + F(cos)({e()}))"
        if k == 9: return f"MUL({e()}, {self.load()})"
        if k == 10: return f"({self.condition()} ? {e()} : {e()})"
        if k == 11: return f"mix({self.load()}, {e()})"
        if k == 12 and self.use_sign:
            return f"real(0.5) * {r.choice(['fmax', 'F(fmax)', 'max', 'std::max', 'fmin', 'min', 'std::fmin'])}({self.sign()}, real(0.05))"
        return self.unary(e() if d < 3 else self.load())

    def unary(self, e):
        f = self.r.choice(UNARY)
        if f.count("@") > 1 and len(e) > 24: f = self.r.choice(["F(sin)(@)", "std::tanh(@)", "bell(@)"])
        return f.replace("@", f"({e})").replace("R(", "real(")

    def bounded(self):
        e = self.expr(self.r.choice([1, 2, 2, 3]))
        return self.r.choice(["sin({})", "F(tanh)({})", "0.5 * ({})", "real(0.3) * {} + real(0.2)", "bell({})", "{}"]).format(e)

    # ---- statements ----
    def block(self, count, opening, closing="}"):
        self.out(opening); self.depth += 1; self.push()
        for _ in range(count): self.statement()
        self.use_up()
        self.pop(); self.depth -= 1
        if closing: self.out(closing)

    def use_up(self):
        """Values of the scope that ends go somewhere."""
        values = list(self.reals[-1]) + [v.replace("@", self.small_index(k)) for v, k in self.locals[-1]]
        if values and self.ch(0.9): self.store(" + ".join(f"real(0.3) * {v}" for v in values))

    def store(self, value=None):
        r = self.r
        free = [t for t in self.targets if "atomic" in t or self.free_cells(t)]
        if not free or (self.once and self.trips > 1): return
        t = r.choice(free)
        t["array"].role = "out"
        value = value or self.bounded()
        if "atomic" in t:
            self.out(f"{self.guarded(t)}atomicAdd({t['atomic']()}, {r.choice(['', '-'])}real({value}));")
            return
        number = r.choice(self.free_cells(t))
        cell = t["cells"][number]
        self.stored.add((id(t), number))
        k = r.randrange(9)
        if self.record_free:
            if self.once: return
            self.vjp = False
            text = f"{cell()} {r.choice(['+=', '-='])} real(0.1) * ({value});"
        elif k < 4: text = f"{cell()} = {value};"
        elif k < 6: text = f"{cell()} {r.choice(['+=', '-='])} {self.real(0.3)} * ({value});"
        elif k == 6: text = f"{cell()} *= {r.choice(['real(0.6)', 'sin(%s)' % self.load(), 'F(cos)(%s)' % self.load()])};"
        elif k == 7: text = f"{cell()} = real(0.6) * {cell()} * {cell()} + real(0.3) * ({value});"
        else: text = f"set({cell()}, {value});" if self.ch(0.7) else f"{cell()} = F(sin)({cell()} + {value});"
        self.out(self.guarded(t) + text)

    def free_cells(self, t):
        return [k for k in range(len(t["cells"])) if not self.once or (id(t), k) not in self.stored]

    def guarded(self, t): return f"if ({t['condition']}) " if t["condition"] else ""

    def statement(self):
        r = self.r
        self.budget -= 1
        if self.budget < 0: return self.store() if not self.record_free else None
        k = r.random()
        if self.record_free:
            if k < 0.35:
                v = self.fresh("q"); self.out(f"const real {v} = {self.bounded()};"); self.reals[-1].append(v)
            elif k < 0.5 and self.carried: self.out(f"if ({self.condition()}) {r.choice(self.carried)} += real(0.1) * {self.bounded()};")
            elif k < 0.6: self.out(f"if ({self.condition()}) continue;")
            elif self.carried: self.out(f"{r.choice(self.carried)} {r.choice(['+=', '-='])} real(0.2) * {self.bounded()};")
            return
        if k < 0.30: return self.store()
        if k < 0.45:
            v = self.fresh("q"); self.out(f"{r.choice(['real', 'const real', 'auto'])} {v} = real({self.bounded()});")
            self.reals[-1].append(v); return
        if k < 0.53: return self.local_array()
        if k < 0.57:
            v = self.fresh("m"); self.out(f"const {r.choice([self.type, 'auto'])} {v} = {self.type}({self.place()});")
            self.natural[-1].append(v); return
        if k < 0.68:
            self.block(r.choice([1, 2]), f"if ({self.condition()}) {{", None)
            if self.ch(0.5): self.block(r.choice([1, 2]), "} else {", None)
            self.out("}"); return
        if k < 0.73: return self.switch()
        if k < 0.76 and self.leave: return self.out(f"if ({self.condition()} && {self.condition()}) {self.leave};")
        if k < 0.80 and self.whole(): return
        if k < 0.90: return self.constant_loop()
        return self.run_time_loop()

    def whole(self):
        """A struct is read and stored as one."""
        structs = [t for t in self.targets if "whole" in t]
        if not structs or self.record_free: return False
        structs = [t for t in structs if len(self.free_cells(t)) == 3]
        if not structs or (self.once and self.trips > 1): return False
        v = self.fresh("w")
        chosen = self.r.choice(structs); cell = chosen["whole"]
        chosen["array"].role = "out"
        self.stored |= {(id(chosen), k) for k in range(3)}
        self.out(f"triple {v} = {cell};")
        self.out(f"{v}.{self.r.choice('abc')} = {self.bounded()};")
        self.out(f"{v}.b *= {v}.{self.r.choice('ac')};")
        self.out(f"{cell} = {v};")
        return True

    def local_array(self):
        r = self.r
        t, k = self.fresh("t"), r.choice([2, 3, 4, 6])
        if self.ch(0.5):
            self.out(f"real {t}[{k}] = {{{', '.join(f'real({self.expr(1)})' for _ in range(r.randint(1, min(k, 3))))}}};")
        else:
            v = self.fresh("v")
            self.loop_variables.append(v)
            self.out(f"real {t}[{k}]; for (int {v} = 0; {v} < {k}; ++{v}) {t}[{v}] = real(0.5) * {self.load()} + real(0.1) * {v};")
            self.loop_variables.pop()
        self.locals[-1].append((t + "[@]", k))
        if self.ch(0.4): self.out(f"{t}[{self.small_index(k)}] = {self.bounded()};")

    def switch(self):
        r = self.r
        self.out(f"switch ({self.load_int(self.int_table('small')[0], 'p')}) {{")
        leave, self.leave = self.leave, None if self.leave == "break" else self.leave
        for c in r.sample(range(5), r.choice([2, 3])):
            self.block(r.choice([1, 2]), f"case {c}: {{", None)
            self.out("} " + ("break;" if self.ch(0.65) else "[[fallthrough]];"))
        if self.ch(0.6): self.block(1, "default: {")
        else: self.out("default: break;")
        self.out("}")
        self.leave = leave

    def constant_loop(self):
        r = self.r
        v, top = self.fresh("k"), r.choice([2, 3, 4])
        if self.trips * top > 12: return self.store()
        pragma = r.choice(["", "#pragma unroll", "#pragma unroll 1"])
        leave, self.leave = self.leave, None
        self.trips *= top
        # Components by number, now and then; a value that is carried on, always.
        q = self.fresh("q")
        multi = [t for t in self.targets if "any" in t and not self.record_free]
        if self.once: multi = [t for t in multi if len(self.free_cells(t)) == t["any"][0] >= top and self.trips == top]
        head = f"for (int {v} = 0; {v} < {top}; ++{v}) {{"
        self.out(f"real {q} = {self.bounded()};")
        if pragma: self.lines.append(pragma)
        self.out(head); self.depth += 1; self.push(); self.loop_variables.append(v)
        self.reals[-1].append(q)
        if self.ch(0.3): self.out(f"if ({self.condition()} && {v} == {r.randrange(top)}) {r.choice(['continue', 'break'])};")
        self.out(f"{q} = {r.choice(['sin', 'F(tanh)', 'real(0.9) *'])}({q} + real(0.3) * {self.load()});")
        if multi and self.ch(0.7):
            chosen = r.choice(multi); width, cell = chosen["any"]
            chosen["array"].role = "out"
            self.stored |= {(id(chosen), k) for k in range(width)}
            self.out(f"{cell(v if width >= top else f'({v} % {width})')} {r.choice(['=', '+='])} {self.bounded()};")
        for _ in range(r.choice([0, 1, 1, 2])): self.statement()
        self.loop_variables.pop(); self.reals[-1].remove(q); self.use_up(); self.pop(); self.depth -= 1
        self.out("}")
        self.reals[-1].append(q)
        self.trips //= top
        self.leave = leave

    def run_time_loop(self):
        """A loop of unknown length that carries only sums: nothing has to be recorded."""
        r = self.r
        if self.trips > 1 and self.ch(0.7): return self.store()
        v, s = self.fresh("k"), self.fresh("s")
        self.out(f"real {s} = {r.choice(['0', self.load()])};")
        kind = r.randrange(4)
        if kind == 0: head = f"for (int {v} = 0; {v} < {self.load_int(self.int_table('small')[0], 'p')}; ++{v}) {{"
        elif kind == 1: head = f"for ({self.type} {v} = 0; {v} < {r.choice(self.extents())}; {v} += {r.choice([1, 2])}) {{"
        elif kind == 2:
            m = self.integer_parameter("radius", r.choice([1, 2, 3]))
            head = f"for (int {v} = -int({m}); {v} <= int({m}); ++{v}) {{"
        else:
            rows = self.int_table("rows")[0]
            head = f"for (int {v} = {rows}[p]; {v} < {rows}[p + 1]; ++{v}) {{"
        saved = self.record_free, self.leave, self.carried
        self.record_free, self.leave, self.carried = True, None, [s]
        self.out(head); self.depth += 1; self.push()
        variable = f"({v} + 3)" if kind == 2 else v
        self.loop_variables.append(variable)
        self.natural[-1].append(f"({variable} % {self.n})" if kind != 1 else v)
        for _ in range(r.choice([0, 1, 2])): self.statement()
        values = list(self.reals[-1])
        self.out(f"{s} += real(0.1) * {r.choice(values) if values and self.ch(.7) else self.bounded()};")
        if self.ch(0.1): self.store()
        if self.ch(0.15): self.out(f"if ({v} == 3) break;")
        self.loop_variables.pop(); self.pop(); self.depth -= 1
        self.out("}")
        self.record_free, self.leave, self.carried = saved
        self.reals[-1].append(s)

    # ---- the whole ----
    def body(self):
        r = self.r
        for _ in range(r.choice([1, 2, 3, 4])): self.statement()
        self.use_up()
        # Every output gets something.
        targets = self.targets
        for t in targets:
            self.targets = [t]
            if self.ch(0.8): self.store()
        self.targets = targets
        if self.ch(0.2): self.store()

    def kernel(self):
        r = self.r
        self.int_declarations = {}
        self.loop_variables, self.targets, self.carried = [], [], []
        self.trips = 1
        self.choose_grid()
        # In a scheme that tests the range of the flat index only, a point is not tested for being inside.
        self.interior = self.ch(0.45)
        self.use_sign = self.ch(0.6)
        if self.use_sign:
            a = self.array("sg", "in", self.n, "either_sign", plain=True)
            a.name = "sg"; a.declaration = r.choice(["const real* sg", "const real* __restrict__ sg"])
        for _ in range(r.choice([1, 1, 2, 3])): self.output()
        self.scalars = [self.scalar() for _ in range(r.choice([0, 0, 1, 2, 3]))]
        self.loads = [self.input() for _ in range(r.choice([1, 2, 2, 3]))]
        self.readable = [c for t in self.targets for c in t["reads"] if not t["condition"]]
        own = [c for t in self.targets for c in t["cells"] if not t["condition"]]
        if self.once: self.readable = []
        elif self.ch(0.6): self.readable += own
        mode = r.choice(["inline", "inline", "inline", "lambda&", "lambda=", "apply"])
        if mode == "inline":
            emit = self.body
        else:
            capture = "&" if mode == "lambda&" else "="
            def emit():
                names = ", ".join(f"{self.type} {v}" for v in ["p"] + list(self.axes) )
                call = ", ".join(["p"] + list(self.axes))
                leave, self.leave = self.leave, "return"
                if mode == "apply":
                    self.out(f"apply([{capture}]({names}) {{")
                else:
                    v = self.fresh("body"); self.out(f"const auto {v} = [{capture}]({names}) {{")
                self.depth += 1; self.push(); self.body(); self.pop(); self.depth -= 1
                self.out(f"}}, {call});" if mode == "apply" else "};")
                if mode != "apply": self.out(f"{v}({call});")
                self.leave = leave
        self.place_points(emit)
        return self.text()

    def place_points(self, emit):
        r, t = self.r, self.type
        axes, names = list(zip(self.axes, "xyz")), self.extents()
        lets = self.r.choice([f"const {t}", f"{t}"])
        opened = 0
        def own(): self.out(f"const {t} p = {r.choice([self.own_index(), 'shape(' + ', '.join(self.axes) + ')'])};")
        def one_point(leave):
            self.leave = leave
            braces = self.guard(leave) if self.guard_needed else 0
            own(); emit()
            for _ in range(braces): self.depth -= 1; self.out("}")
        self.guard_needed = True
        threads = list(self.extent[:self.dims])
        self.out(f"const {t} n = {self.count()};")
        self.out(f"const extents<{t}> shape{{{', '.join(names)}}};")
        if self.scheme == "one":
            self.launch = threads
            if self.dims == 1: self.out(f"const {t} i = {self.thread('x')};")
            else: self.out(f"{lets} " + ", ".join(f"{a} = {self.thread(x)}" for a, x in axes) + ";")
            one_point("return")
        elif self.scheme == "stride":
            # Along some axes threads have one point. Bounds are the loop's or those of a guard.
            plain = [self.dims > 1 and self.ch(0.25) for _ in threads]
            if all(plain): plain[-1] = False
            self.launch = [e if p else r.choice([1, max(1, e // 3), max(1, e // 2), e + 3]) for e, p in zip(threads, plain)]
            bounded = [self.interior and self.ch(0.6) for _ in threads]
            order = list(zip(self.axes, "xyz", names, plain, bounded))[::-1]
            if self.ch(0.2): r.shuffle(order)
            for a, x, e, one, inside in sorted(order, key=lambda axis: not axis[3]):
                start, low, top = self.thread(x), "1" if inside else "0", f"{e} - 1" if inside else e
                if one:
                    self.out(f"const {t} {a} = {start};")
                    self.out(f"if ({a} < {low} || {a} >= {top}) return;" if inside else f"if ({a} >= {top}) return;")
                    continue
                if inside: start = r.choice([f"1 + {start}", f"{start} + 1"])
                if self.ch(0.3):
                    step = self.fresh("step"); self.out(f"const {t} {step} = {self.threads(x)};")
                else: step = self.threads(x)
                end = r.choice([f"{a} < {top}", f"{a} < {top}", f"{top} > {a}", f"{a} <= {top} - 1", f"{a} + 1 <= {top}"])
                self.out(f"for ({t} {a} = {start}; {end}; {a} += {step}) {{"); self.depth += 1; opened += 1
            self.guard_needed = self.ch(0.15) or (self.interior and not all(bounded))
            one_point("continue")
        elif self.scheme == "column":
            # Threads on all axes but the last; a loop over that one.
            self.launch = threads[:-1]
            constant = self.ch(0.3)
            for a, x, e in list(zip(self.axes, "xyz", names))[:-1]:
                self.out(f"const {t} {a} = {self.thread(x)};")
                self.out(f"if ({a} >= {e}) return;")
            a, e = self.axes[-1], names[-1]
            top = str(self.extent[self.dims - 1]) if constant else e
            if self.ch(0.7): self.out(f"for ({t} {a} = 0; {a} < {top}; ++{a}) {{")
            else: self.out(f"for ({t} {a} = {top}; {a}-- > 0;) {{")
            self.depth += 1; opened += 1
            if not self.interior: self.guard_needed = False
            one_point("continue")
        else:
            # A flat index is taken apart.
            per = r.choice([2, 3, 4]); self.launch = [self.n]
            def apart():
                if self.dims == 1: self.out(f"const {t} i = q;")
                elif self.dims == 2: self.out(f"const {t} i = q % nx, j = q / nx;")
                else: self.out(f"const {t} i = q % nx, j = q / nx % ny, k = q / (nx * ny);")
            if self.scheme == "flat":
                self.out(f"const {t} q = {self.thread('x')};")
                self.out("if (q >= n) return;"); apart(); leave = "return"
            elif self.scheme == "flat_stride":
                self.launch = [max(1, self.n // 3)]
                self.out(f"for ({t} q = {self.thread('x')}; q < n; q += {self.threads('x')}) {{")
                self.depth += 1; opened += 1; apart(); leave = "continue"
            elif self.scheme == "blocked":
                self.launch = [-(-self.n // per)]
                self.out(f"const {t} first = {per} * ({self.thread('x')});")
                if self.ch(0.6): self.lines.append("#pragma unroll")
                self.out(f"for (int m = 0; m < {per}; ++m) {{"); self.depth += 1; opened += 1
                self.out(f"const {t} q = first + m;"); self.out(f"if (q >= n) {r.choice(['continue', 'break'])};"); apart(); leave = "continue"
            else:
                T = -(-self.n // per); self.launch = [T]
                T_text = self.integer_parameter("threads", T) if self.ch(0.5) else str(T)
                self.out(f"const {t} first = {self.thread('x')};")
                self.out(f"if (first >= {T_text}) return;")
                if self.ch(0.6): self.lines.append("#pragma unroll")
                self.out(f"for (int m = 0; m < {per}; ++m) {{"); self.depth += 1; opened += 1
                self.out(f"const {t} q = first + m * {T_text};"); self.out("if (q >= n) continue;"); apart(); leave = "continue"
            self.guard_needed = self.interior or self.ch(0.1)
            one_point(leave)
        for _ in range(opened): self.depth -= 1; self.out("}")

    def text(self):
        r = self.r
        names = self.extents()
        if self.constant_extents:
            self.lines.insert(0, f"  constexpr {self.extents_type} " + ", ".join(f"{e} = {v}" for e, v in zip(names, self.extent)) + ";")
        else:
            for e, v in zip(names, self.extent): self.params.append(("int", (self.extents_type, e, v)))
        if self.ch(0.5): r.shuffle(self.params)
        declarations, primal, derived, specs = [], [], [], []
        for kind, what in self.params:
            if kind == "array":
                a, number = what, self.arrays.index(what)
                declarations.append(a.declaration)
                if a.cast == "scalar": primal.append(f"*hx[{number}]"); derived += [f"*hx[{number}]", f"xb[{number}]"]
                elif a.cast == "triple":
                    value = f"*reinterpret_cast<const triple*>(hx[{number}])"
                    primal.append(value); derived += [value, f"reinterpret_cast<triple*>(xb[{number}])"]
                else: primal.append(a.cast % f"x[{number}]"); derived += [a.cast % f"x[{number}]", a.cast % f"xb[{number}]"]
            elif kind == "ints":
                declarations.append(self.int_declarations[what[0]]); primal.append(f"ix[{what[1]}]"); derived.append(f"ix[{what[1]}]")
            else:
                declarations.append(f"{what[0]} {what[1]}"); value = f"real({what[2]})" if kind == "value" else str(what[2])
                primal.append(value); derived.append(value)
        for a in self.arrays: specs.append(f'{a.role}("{a.name}", {a.size}{", " + a.init if a.init else ""})')
        bounds = r.choice(["", "", "", "", "__launch_bounds__(256) "])
        result = [f"ADSTENCIL_KERNEL __global__ void {bounds}{self.name}({', '.join(declarations)}) {{"] + self.lines + ["}"]
        result += [f"{'RANDOM_CASE' if self.vjp else 'RANDOM_CASE_ADJOINT'}({self.name}, arrays({', '.join(specs)}), {self.over()},",
                   f"            ({', '.join(primal)}),", f"            ({', '.join(derived)}))"]
        if self.ints: result.append("    .integers({" + ", ".join("{" + ", ".join(map(str, v)) + "}" for _, v in self.ints) + "})")
        result[-1] += ";"
        return "\n".join(result) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("seed", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("--only", help="numbers of the kernels to write")
    parser.add_argument("--without", default="", help="numbers of the kernels to leave out")
    parser.add_argument("--adjoint", default="", help="numbers of the kernels whose __vjp_ is refused")
    parser.add_argument("--output", help="a file instead of standard output")
    a = parser.parse_args()
    if a.output: sys.stdout = open(a.output, "w")
    numbers = [int(x) for x in a.only.split(",")] if a.only else range(a.count)
    without = {int(x) for x in a.without.split(",") if x}
    adjoint = {int(x) for x in a.adjoint.split(",") if x}
    print('#include "random_cuda.h"\n\nnamespace LAW_VARIANT {\n')
    for number in numbers:
        if number not in without:
            kernel = Kernel(random.Random(a.seed * 100003 + number), f"k{a.seed}_{number}")
            kernel.vjp = number not in adjoint
            print(kernel.kernel())
    print("} // namespace LAW_VARIANT")


main()
