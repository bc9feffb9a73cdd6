"""Random point functions: expressions over the values that a point reads.

Results are of order one for arguments of order one. Which arm of a comparison is taken must not decide what is read, so
comparisons are made by fmin, fmax and fabs, or between local values.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
ONE = ["@ * @ * C", "std::sqrt(real(1) + @ * @)", "std::exp(real(0.1) * @)", "std::fabs(@ - real(0.1)) * C",
       "@ / (real(2) + @ * @)", "C * @", "(real(1) + @ * @) * C", "std::sin(@) * C"]
TWO = ["C * @ * #", "@ / (real(2) + # * #)", "std::fmin(@, #)", "std::fmax(@, C * #)", "(@ - #) * real(0.5) * (@ + #)",
       "std::sqrt(real(1) + @ * @ + # * #)", "mean(@, #)", "minmod(@, #) * C", "C * (@ - #)", "std::fabs(@ - #) * C", "std::exp(real(0.1) * @) * #"]
THREE = ["(@ + #) * ($ - @) * C", "std::fmax(real(0), std::fmin(@ - #, $ - @))", "@ * # * $",
         "(real(1) + real(0.5) * (@ * @ + # * #)) * ($ - #)", "C * (@ - real(2) * # + $)",
         "std::fmax(@, real(0)) * (# - $) + std::fmin(@, real(0)) * ($ - #)"]


# Between two cells, the left one first.
FLUX = ["(@ + #) * (# - @)", "mean(@, #) * (# - @)", "@ * # / (real(2) + @ * @ + # * #)", "std::sqrt(real(1) + @ * @ + # * #) * (# - @)",
        "std::fmax(std::fabs(@), std::fabs(#)) * (# - @)", "std::fmax(@, real(0)) * # - std::fmin(#, real(0)) * @", "std::exp(real(0.1) * (@ - #))"]


# Of a value that neighbours share, and the next one.
OF_SHARED = ["C * (@ - #)"] * 4 + ["@ * #", "std::fmax(@, #)", "@ / (real(2) + # * #)", "std::sqrt(real(1) + @ * @) * C - #"]


class Points:
    def __init__(self, r, coefficients):
        self.r, self.coefficients = r, coefficients

    def constant(self):
        r = self.r
        c = f"real({r.choice(['0.5', '0.25', '-0.3', '0.7', '-0.125', '1.5', '0.0625'])})"
        return f"{r.choice(self.coefficients)} * {c}" if self.coefficients and r.random() < 0.3 else c

    def linear(self, reads):
        text = " + ".join(f"{self.constant()} * {v}" for v in reads)
        return f"{self.r.choice(self.coefficients)} * ({text})" if self.coefficients and self.r.random() < 0.3 else text

    def faces(self, lines, linear):
        """Differences of fluxes along lines of three cells: neighbouring points share them."""
        flux = "(# - @)" if linear else self.r.choice(FLUX)
        of = lambda left, right: f"({flux.replace('@', left).replace('#', right)})"
        return " + ".join(f"{self.constant()} * ({of(mid, high)} - {of(low, mid)})" for low, mid, high in lines)

    def weighted(self, weight, values):
        """A function of some reads times a sum of others."""
        return f"({self.any(weight)}) * ({self.linear(values)})"

    def shared(self, values, linear):
        """For each value, from what its points read at each of its places: a function of the value at all places."""
        terms = []
        for places in values:
            marks = [f"{{{k}}}" for k in range(len(places[0]))]
            value = self.linear(marks) if linear else self.any(marks)
            texts = ["(" + value.format(*reads) + ")" for reads in places]
            if len(texts) % 2: texts.append(texts[0])
            for left, right in zip(texts[::2], texts[1::2]):
                form = "@ - #" if linear else self.r.choice(OF_SHARED).replace("C", self.constant())
                terms.append("(" + form.replace("@", left).replace("#", right) + ")")
        return " + ".join(terms)

    def any(self, reads):
        """An expression in which every read occurs."""
        r, rest, terms = self.r, list(reads), []
        r.shuffle(rest)
        if len(rest) > 9:  # a wide stencil under one function of one argument
            k = r.randint(5, len(rest))
            terms.append(r.choice(ONE).replace("C", self.constant()).replace("@", f"({self.linear(rest[:k])})"))
            rest = rest[k:]
        while rest:
            k = min(len(rest), r.choice([1, 1, 2, 2, 3]))
            form = r.choice((ONE, TWO, THREE)[k - 1])
            for mark, v in zip("@#$", rest[:k]): form = form.replace(mark, v)
            while " C" in form or form.startswith("C") or "(C" in form:
                form = form.replace("C *", self.constant() + " *", 1).replace("* C", "* " + self.constant(), 1)
            terms.append(form)
            rest = rest[k:]
        return r.choice([" + ", " + ", " - "]).join(terms)
