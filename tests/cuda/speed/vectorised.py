#!/usr/bin/env python3
"""Fails unless a kernel of a file is vectorised for the CPU device.

    vectorised.py compile_commands.json heat.cu heat_step

Compiles the file to LLVM IR with the command that the build uses, and looks in the functions named after the kernel for
arithmetic on vectors of double.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import json
import os
import re
import shlex
import subprocess
import sys


def main():
    commands, file, kernel = sys.argv[1:]
    with open(commands, encoding="utf-8") as stream:
        entry = next((e for e in json.load(stream) if e["file"].endswith(file)), None)
    if entry is None:
        sys.exit(f"{file} is not in {commands}")
    arguments = shlex.split(entry["command"])
    arguments[arguments.index("-o") + 1] = "-"
    arguments.remove("-c")
    # Dependency files belong to the build.
    for option in ("-MF", "-MT"):
        if option in arguments:
            at = arguments.index(option)
            del arguments[at : at + 2]
    arguments = [a for a in arguments if a not in ("-MD", "-MMD")] + ["-S", "-emit-llvm", "-g0"]
    environment = dict(os.environ, CCACHE_DISABLE="1")
    ir = subprocess.run(arguments, cwd=entry["directory"], env=environment, check=True,
                        stdout=subprocess.PIPE, text=True).stdout

    found = 0
    for function in re.finditer(r'^define [^\n]*@"?([^\s("]+)"?\(.*?^}', ir, flags=re.S | re.M):
        if kernel in function.group(1) and "__device_stub__" not in function.group(1):
            found += len(re.findall(r"= f(?:add|sub|mul)\b[^\n]*<\d+ x double>", function.group(0)))
    print(f"{file}: {found} vector operations in {kernel}")
    return 0 if found > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
