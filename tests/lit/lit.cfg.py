# lit suite of the plugin: what it refuses (clang's -verify) and what it plans (FileCheck on the printed plan).
#
# Substitutions:
#   %adstencil_clang   clang++ with the plugin and the public header
#   %verify            the same, checking expected-… comments, without writing an object
#   %plan              the same, printing the plans of all derivatives
#   %clang_alone       clang++ without the plugin
#   %cuda_…            the same for the device's half of a CUDA file: %cuda_verify, %cuda_plan, %cuda_clang, %cuda_alone
#   %cpu_device_…      the same for CUDA on the CPU device: %cpu_device_verify, %cpu_device_clang
#   FileCheck, not      LLVM's; %t, %s are lit's own
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import os

import lit.formats

config.name = "adstencil"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".cpp", ".cu"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = config.adstencil_exec_root

alone = f"{config.adstencil_compiler} -std=c++20 -I{config.adstencil_include}"
# A compiler that loops for ever is a failure like any other; the longest test takes about five seconds.
compiler = f"timeout 100 {config.adstencil_launcher} {alone} -fplugin={config.adstencil_plugin}"

# Refusals come from the pass pipeline, so the compiler has to generate code: -fsyntax-only would not find them.
# CUDA with the runtime's own headers: these tests need no toolkit. The device is where kernels are differentiated.
own_headers = f"-nocudainc -nocudalib -Wno-unknown-cuda-version -isystem {config.adstencil_include}/adstencil/cuda"
cuda = f"-x cuda --cuda-device-only --offload-arch=sm_80 {own_headers}"
cpu_device = f"-x cuda --cuda-host-only -fplugin-arg-adstencil-device=cpu {own_headers}"
config.substitutions.append(("%cpu_device_verify", f"{compiler} {cpu_device} -w -c -o /dev/null -Xclang -verify"))
config.substitutions.append(("%cpu_device_clang", f"{compiler} {cpu_device}"))
config.substitutions.append(("%cuda_verify", f"{compiler} {cuda} -w -S -o /dev/null -Xclang -verify"))
config.substitutions.append(("%cuda_plan", f"{compiler} {cuda} -S -o /dev/null -fplugin-arg-adstencil-print-plan"))
config.substitutions.append(("%cuda_clang", f"{compiler} {cuda}"))
config.substitutions.append(("%cuda_alone", f"{alone} {cuda}"))
config.substitutions.append(("%verify", f"{compiler} -w -c -o /dev/null -Xclang -verify"))
config.substitutions.append(("%plan", f"{compiler} -c -o /dev/null -fplugin-arg-adstencil-print-plan"))
config.substitutions.append(("%adstencil_clang", compiler))
config.substitutions.append(("%clang_alone", alone))
config.substitutions.append((r"\bFileCheck\b", config.adstencil_filecheck))
config.substitutions.append((r"\bnot\b", os.path.join(os.path.dirname(config.adstencil_filecheck), "not")))

for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "CCACHE_DIR"):
    if name in os.environ:
        config.environment[name] = os.environ[name]
