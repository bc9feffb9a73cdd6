# Runs the laws' program with one and with several threads and compares the checksums of everything whose bits are
# promised to be the same.
#
#     cmake -D program=<laws> -D folder=<scratch> -D threads="1;2;3" -P same_bits.cmake
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
cmake_minimum_required(VERSION 3.25)

set(first "")
foreach(count IN LISTS threads)
  set(dump "${folder}/same-bits-${count}.txt")
  execute_process(COMMAND ${CMAKE_COMMAND} -E env ADSTENCIL_DEVICE=cpu ADSTENCIL_NUM_THREADS=${count}
    "${program}" "--dump=${dump}" COMMAND_ERROR_IS_FATAL ANY)
  file(STRINGS "${dump}" lines)
  list(LENGTH lines number)
  if(number EQUAL 0)
    message(FATAL_ERROR "${dump} is empty: nothing was compared")
  endif()
  if(first STREQUAL "")
    set(first "${lines}")
    continue()
  endif()
  foreach(mine theirs IN ZIP_LISTS lines first)
    if(NOT mine STREQUAL theirs)
      message(SEND_ERROR "${count} threads: ${mine}, before: ${theirs}")
    endif()
  endforeach()
  message(STATUS "${number} results with ${count} threads: same bits unless said otherwise above")
endforeach()
