#!/usr/bin/env python3
# Writes a file of random kernels and their checks:
#
#     generate.py SEED COUNT > kernels.cpp
#
# The same seed gives the same file. Loops of every kind, affine and data-dependent indices, local arrays and structs,
# pointers that lead to one of several arrays, jumps, switches and lambdas; values stay smooth and of order one, so that
# difference quotients mean something. random_laws.h holds the checks.
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import random
import sys

M, N = 160, 16
class Gen:
    def __init__(self, r, mix):
        self.r = r; self.mix = mix; self.uid = 0
    def name(self, p): self.uid += 1; return f"{p}{self.uid}"
    def ch(self, p): return self.r.random() < p
    # ---- integers: affine in loop variables, shifted into [0, size) ----
    def vars(self): return [v for f in self.scopes for v in f['int']]
    def index(self, size, dyn=True):
        r = self.r; vs = self.vars()
        if dyn and self.ch(0.15):
            e, lo, hi = self.affine(vs)
            inner = self.shift(e, lo, hi, M)
            if size >= N: return f"idx[{inner}]" if size < 2*N or self.ch(.5) else f"idx[{inner}]*{size//N-1}+{r.randrange(size//N)}"
            return f"idx[{inner}]%{size}"
        if dyn and self.ints() and self.ch(0.15):
            return f"({r.choice(self.ints())}%{size})"
        e, lo, hi = self.affine(vs)
        return self.shift(e, lo, hi, size)
    def ints(self): return [v for f in self.scopes for v in f['nat']]
    def affine(self, vs):
        r = self.r
        if not vs or self.ch(0.08): k = r.randrange(4); return str(k), k, k
        pick = r.sample(vs, min(len(vs), r.choice([1, 1, 1, 2, 2, 3])))
        if self.ch(0.6) and vs[-1] not in pick: pick[0] = vs[-1]
        e, lo, hi = [], 0, 0
        for v, l, h in pick:
            k = r.choice([1, 1, 1, 1, -1, 2, 3, -2, 4, 5, 8, 12])
            e.append(f"{k}*{v}" if k != 1 else v); lo += min(k*l, k*h); hi += max(k*l, k*h)
        k = r.choice([0, 0, 0, 1, -1, 2, -2, 5])
        return "+".join(e), lo, hi
    def shift(self, e, lo, hi, size):
        if hi - lo >= size: return f"(({e})-({lo}))%{size}"
        room = size - 1 - (hi - lo)
        k = -lo + (self.r.randint(0, min(room, 3)) if self.ch(.7) else 0)
        return f"{e}+{k}" if k > 0 else f"{e}-{-k}" if k < 0 else e
    # ---- expressions ----
    def load(self):
        r = self.r; c = []
        c += [lambda: f"{r.choice('abc')}[{self.index(M)}]"]*3 + [lambda: f"{r.choice('xz')}[{self.index(M)}]"]*4
        sc = [v for f in self.scopes for v in f['real']]
        if sc: c += [lambda: r.choice(sc)]*4
        la = [v for f in self.scopes for v in f['arr']]
        if la:
            def f():
                v, k = r.choice(la); return v.replace('@', self.index(k))
            c += [f]*3
        ps = [v for f in self.scopes for v in f['ptr']]
        if ps: c += [lambda: f"{r.choice(ps)[0]}[{self.index(M)}]"]*2
        c += [lambda: "s"]
        return r.choice(c)()
    def expr(self, d=2):
        r = self.r
        if d == 0 or self.ch(0.15): return self.load() if self.ch(.85) else r.choice(["0.5", "0.25", "1.0", "(-0.3)"])
        k = r.randrange(15)
        e = lambda: self.expr(d-1)
        if k < 4: return f"(0.5*{e()}+0.4*{e()})"
        if k < 7: return f"(0.4*{e()}*{e()})"
        if k == 7: return f"({e()}-{e()})*0.5"
        if k == 8: return f"{e()}/(2.0+{r.choice(['std::fabs({})','std::exp({})','std::cos({})'][:1]+['(1.1+std::cos({}))']).format(e())})"
        if k == 9: return f"std::sqrt(1.5+std::sin({e()}))"
        if k == 10: return f"std::exp(-std::fabs(1.0+std::tanh({e()})))"
        if k == 11: return f"0.7*std::{r.choice(['max','min'])}({e()},{e()})"
        if k == 12: return f"({self.cond()}?{e()}:{e()})"
        if k == 13: return f"std::{r.choice(['sin','cos','tanh','atan'])}({e()})"
        return f"(-{self.load()})"
    def bounded(self):
        e = self.expr(self.r.choice([1, 2, 2, 3]))
        return self.r.choice(["std::sin({})", "std::tanh({})", "0.5*({})", "({0})/(1.0+({0})*({0}))" if len(e) < 40 else "std::tanh({})", "0.3*{}+0.2"]).format(e)
    def cond(self):
        r = self.r; k = r.randrange(6); vs = self.vars()
        if k == 0: return f"{self.load()}>{r.choice(['0.31','0.77','1.003'])}"
        if k == 1 and vs: v = r.choice(vs); return f"{v[0]}{r.choice(['<','>','!='])}{r.randint(v[1],v[2])}"
        if k == 2 and vs: return f"{r.choice(vs)[0]}%{r.choice([2,3])}=={r.randrange(2)}"
        if k == 3: return f"({self.cond2()}&&{self.cond2()})"
        if k == 4: return f"({self.cond2()}||!({self.cond2()}))"
        return self.cond2()
    def cond2(self):
        r = self.r
        return r.choice([lambda: f"idx[{self.index(M,False)}]%{r.choice([2,3,4])}=={r.randrange(2)}", lambda: f"{self.load()}<{r.choice(['0.413','0.9'])}"])()
    # ---- statements ----
    def out(self, s): self.lines.append("  "*(len(self.scopes))+s)
    def push(self, loop=None): self.scopes.append(dict(int=[], nat=[], real=[], arr=[], ptr=[], loop=loop))
    def block(self, n, loop=None, pre=None):
        self.push(loop)
        if pre: pre()
        for _ in range(n): self.stmt()
        self.consume()
        self.scopes.pop()
    def consume(self):
        """Values of the scope that ends are used, so that they are not dead."""
        f = self.scopes[-1]; real = list(f['real']) + [v.replace('@', self.index(k)) for v, k in f['arr']]
        if real and self.ch(.85):
            e = self.r.choice(real)
            for o in real:
                if o != e and self.ch(.5): e = f"{e}*{o}" if self.ch(.5) else f"({e}+{o})"
            self.out(f"{self.r.choice('abc')}[{self.index(M)}] {self.r.choice(['+=','='])} 0.4*std::sin({e});")
    def target(self):
        r = self.r; c = [lambda: f"{r.choice('abc')}[{self.index(M)}]"]*5
        la = [v for f in self.scopes for v in f['arr']]
        if la: c += [lambda: (lambda v: v[0].replace('@', self.index(v[1])))(r.choice(la))]*4
        sc = [v for f in self.scopes for v in f['real']]
        if sc: c += [lambda: r.choice(sc)]*4
        ps = [v for f in self.scopes for v in f['ptr'] if v[1]]
        if ps: c += [lambda: f"{r.choice(ps)[0]}[{self.index(M)}]"]*3
        return r.choice(c)()
    def assign(self):
        r = self.r; t = self.target(); k = r.randrange(8)
        if k < 3: self.out(f"{t} = {self.bounded()};")
        elif k < 5: self.out(f"{t} += 0.1*{self.bounded()};")
        elif k == 5: self.out(f"{t} *= {r.choice(['0.6','std::cos(%s)' % self.load(),'std::sin(%s)' % self.load()])};")
        elif k == 6: self.out(f"{t} = 0.6*{t}+0.3*{self.bounded()};")
        else: self.out(f"{t} -= 0.2*{t}*{self.bounded()};")
    def inloop(self): return any(f['loop'] for f in self.scopes)
    def stmt(self):
        r = self.r; self.budget -= 1
        depth = len(self.scopes)
        if self.budget < 0: return self.assign()
        k = r.random()
        if k < 0.40: return self.assign()
        if k < 0.50:
            v = self.name("q"); self.out(f"double {v} = {self.bounded()};"); self.scopes[-1]['real'].append(v); return
        if k < 0.58: return self.localarray()
        if k < 0.62:
            v = self.name("m"); self.out(f"int {v} = {r.choice([self.index(M), 'idx['+self.index(M)+']'])};"); self.scopes[-1]['nat'].append(v); return
        if k < 0.64 and self.ints():
            v = r.choice(self.ints()); self.out(f"{v} = ({v}*3+{self.index(M)})%{r.choice([16,31,50])};"); return
        if k < 0.72: return self.ifstmt()
        if k < 0.75: return self.switch()
        if k < 0.79 and self.inloop():
            w = self.scopes_loop()
            if w and (w != 'sw'):
                kind = r.choice(["break", "continue"]) if w == 'for' else "break"
                self.out(f"if({self.cond()}&&{self.cond2()}) {kind};"); return
        if k < 0.80 and depth > 1: self.out(f"if({self.load()}>1.43) return;"); return
        if k < 0.83:
            v = self.name("p"); m = self.mix and self.ch(.5)
            if m: self.out(f"const double*{v} = {self.cond()}?{r.choice('abc')}:{r.choice('xz')};"); self.scopes[-1]['ptr'].append((v, False))
            elif self.ch(.5): self.out(f"double*{v} = {self.cond()}?{r.choice('ab')}:{r.choice('bc')};"); self.scopes[-1]['ptr'].append((v, True))
            else: self.out(f"const double*{v} = {self.cond()}?x:z;"); self.scopes[-1]['ptr'].append((v, False))
            return
        if k < 0.845 and depth < 3:
            w = [v for f in self.scopes for v in f['ptr'] if v[1]]
            if len(w) > 1: u, v = r.sample(w, 2); self.out(f"std::swap({u[0]},{v[0]});"); return
        if k < 0.87:
            f = self.name("f"); v = self.name("o")
            self.out(f"auto {f} = [&](int i{f}, double g{f}) {{ double h{f}[3]={{g{f},{self.expr(1)},{self.expr(1)}}}; h{f}[i{f}%3] *= {self.load()}; if(h{f}[1]>0.5) return h{f}[0]*h{f}[2]; return std::sin(h{f}[1]); }};")
            self.out(f"double {v} = {f}({self.index(M)},{self.expr(1)})+0.3*{f}({self.index(M)},{self.load()});"); self.scopes[-1]['real'].append(v); return
        if depth < 5: return self.loop()
        self.assign()
    def scopes_loop(self):
        for f in reversed(self.scopes):
            if f['loop']: return f['loop']
        return None
    def ifstmt(self):
        self.out(f"if({self.cond()}){{"); self.block(self.r.choice([1, 1, 2, 3]))
        if self.ch(.5): self.out("} else {"); self.block(self.r.choice([1, 2]))
        self.out("}")
    def switch(self):
        r = self.r; self.out(f"switch(idx[{self.index(M)}]%{r.choice([3,4,5])}){{")
        for c in r.sample(range(5), r.choice([2, 3])):
            self.out(f"case {c}: {{"); self.block(r.choice([1, 2]), 'sw'); self.out("} " + ("break;" if self.ch(.6) else "[[fallthrough]];"))
        if self.ch(.6): self.out("default: {"); self.block(1, 'sw'); self.out("}")
        else: self.out("default: break;")
        self.out("}")
    def localarray(self):
        r = self.r; t = self.name("t"); k = r.choice([2, 3, 4, 6, 9, 20, 40]); mode = r.randrange(4)
        if mode == 0:
            self.out(f"double {t}[{k}] = {{{','.join(self.expr(1) for _ in range(r.randint(0,min(k,3))))}}};"); self.scopes[-1]['arr'].append((t+"[@]", k))
        elif mode == 1:
            self.out(f"struct S{t} {{ double u; double v[{k}]; int w; }} {t} = {{ {self.expr(1)}, {{ {self.expr(1)} }}, 3 }};")
            self.scopes[-1]['arr'].append((t+".v[@]", k)); self.scopes[-1]['real'].append(t+".u")
        elif mode == 2:
            v = self.name("k"); self.out(f"double {t}[{k}]; for(int {v}=0;{v}<{k};++{v}) {t}[{v}] = 0.5*x[{v}+{r.randrange(9)}]*{self.load()};"); self.scopes[-1]['arr'].append((t+"[@]", k))
        else:
            v = self.name("k"); self.out(f"struct S{t} {{ double u, v; }} {t}[{k}]; for(int {v}={k}-1;{v}>=0;--{v}) {t}[{v}] = {{ {self.load()}, 0.3*{self.load()}*{v} }};")
            self.scopes[-1]['arr'].append((t+"[@].u", k)); self.scopes[-1]['arr'].append((t+"[@].v", k))
            if self.ch(.5): self.out(f"{t}[{self.index(k)}] = {t}[{self.index(k)}];")
    def loop(self):
        r = self.r; v = self.name("i"); depth = len(self.scopes)
        left = 3000 // self.trip
        if left < 3: return self.assign()
        top = min(left, r.choice([4, 6, N, N, 40]))
        n = r.choice([1, 1, 2, 2, 3, 4]); k = r.randrange(12); save = self.trip; self.trip *= top
        vs = self.vars()
        def body(lo, hi, kind='for'):
            self.block(n, kind, lambda: self.scopes[-1]['int'].append((v, lo, hi)))
        if top == N: hi_text, hi = ("n", N)
        else: hi_text, hi = (str(top) if self.ch(.5) else f"n+{top-N}" if top >= N else f"n-{N-top}"), top
        if k < 4:
            lo = r.choice([0, 0, 1, 2]); st = r.choice([1, 1, 1, 2, 3])
            t = r.choice(['int','int','long','unsigned']); self.out(f"for({t} {v}={lo};{v}<{hi_text};{v}+={st}){{")
            if t == 'unsigned': v = f"int({v})"
            body(lo, max(hi-1, lo)); self.out("}")
        elif k < 6:
            st = r.choice([1, 1, 2]); self.out(f"for(int {v}={hi_text}-1;{v}>=0;{v}-={st}){{"); body(0, hi-1); self.out("}")
        elif k == 6:
            self.out(f"for(unsigned {v}={hi_text};{v}-->0;){{"); v = f"int({v})"; body(0, hi-1); self.out("}")
        elif k == 7:
            m = r.choice([3, 4, 5]); self.out(f"for(int {v}=0;{v}<idx[{self.index(M)}]%{m};++{v}){{"); body(0, m-2); self.out("}")
        elif k == 8 and vs:
            w, l, h = vs[-1]
            if r.random() < .5 or h-l > 20: self.out(f"for(int {v}={w};{v}<(int){w}+{r.choice([1,2,3])};++{v}){{"); body(l, h+2)
            else: self.out(f"for(int {v}={l};{v}<(int){w};++{v}){{"); body(l, max(h-1, l))
            self.out("}")
        elif k == 9:
            q = self.name("q"); w = r.choice([2, 4, 7]); self.out(f"double {q} = {self.bounded()}; int {v} = 0;"); self.scopes[-1]['real'].append(q)
            self.out(f"while({v}<{w}&&{q}<{r.choice(['0.813','1.217','2.5'])}){{")
            self.block(n, 'while', lambda: self.scopes[-1]['int'].append((v, 0, w-1)))
            self.out(f"  {q} = {q}*1.1+0.2*std::cos({self.load()}); ++{v};"); self.out("}")
            self.scopes[-1]['nat'].append(v)
        elif k == 10:
            w = r.choice([1, 3, 5]); self.out(f"int {v} = 0;"); self.out("do {")
            self.block(n, 'while', lambda: self.scopes[-1]['int'].append((v, 0, w-1))); self.out(f"}} while(++{v}<{w}&&{self.cond2()});")
        else:
            u = self.name("d"); self.out(f"int {v} = 0; bool {u} = false; while(!{u}){{")
            self.block(n, 'while', lambda: self.scopes[-1]['int'].append((v, 0, 5)))
            self.out(f"  if(++{v}>5||({self.cond()})) {u} = true;"); self.out("}")
        self.trip = save
    def kernel(self, name):
        self.lines = []; self.scopes = []; self.trip = 1; self.budget = self.r.choice([8, 15, 25, 40])
        self.push()
        for _ in range(self.r.choice([0, 0, 1, 2])):
            v = self.name("q"); self.out(f"double {v} = {self.bounded()};"); self.scopes[-1]['real'].append(v)
        for _ in range(self.r.choice([1, 1, 2, 3])): self.loop()
        for _ in range(self.r.choice([0, 1, 2])): self.assign()
        self.consume()
        return f"KERNEL({name}){{\n" + "\n".join(self.lines) + "\n}\n"

def main():
    seed, count = int(sys.argv[1]), int(sys.argv[2]); mix = True
    print('#include "random_laws.h"')
    names = []
    for i in range(count):
        g = Gen(random.Random(seed*1000+i), mix); n = f"K{seed}_{i}"; names.append(n); print(g.kernel(n))
    print("int main(){")
    for n in names: print(f"  CHECK({n},{N});")
    print('  printf("%d failures\\n",fails); return fails!=0; }')
main()
