# Compiles a documented kernel and looks for what the compiler says in the page that shows it.
#
#     cmake -DCOMPILER=... -DPLUGIN=... -DINCLUDE=... -DSOURCE=... -DPAGE=... -DOUTPUT=plan -P check_plan.cmake
#
# OUTPUT=plan: the printed plan, as one block. OUTPUT=remarks: each remark of -Rpass-missed=adstencil, as a line.
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
cmake_minimum_required(VERSION 3.25)

if(OUTPUT STREQUAL plan)
  set(option -fplugin-arg-adstencil-print-plan)
else()
  set(option -Rpass-missed=adstencil -fno-caret-diagnostics)
endif()
get_filename_component(folder "${SOURCE}" DIRECTORY)
get_filename_component(file "${SOURCE}" NAME)
execute_process(COMMAND "${COMPILER}" -std=c++20 -O2 -g "-I${INCLUDE}" "-fplugin=${PLUGIN}" ${option} -c -o plan.o ${file}
  WORKING_DIRECTORY "${folder}" ERROR_VARIABLE said RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${SOURCE} does not compile:\n${said}")
endif()
file(READ "${PAGE}" page)
string(STRIP "${said}" said)
if(said STREQUAL "")
  message(FATAL_ERROR "the compiler said nothing")
endif()
if(OUTPUT STREQUAL plan)
  string(REPLACE "\n" "\n    " wanted "    ${said}")
  list(APPEND blocks "${wanted}")
else()
  string(REPLACE " [-Rpass-missed=adstencil]" "" said "${said}")
  string(REPLACE "\n" ";" blocks "${said}")
endif()
foreach(block IN LISTS blocks)
  string(FIND "${page}" "${block}\n" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "${PAGE} does not show\n${block}")
  endif()
endforeach()
