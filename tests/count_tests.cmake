# Counts the tests that ran and fails below a floor.
#
#     cmake -DRESULTS=<build>/test-results -DSUITES="a;b" -DFLOOR=100 -P count_tests.cmake
#
# Every suite leaves <name>.json there: GoogleTest's report, or lit's. Skipped, disabled and unsupported tests do not
# count. SUITES are the ones that must be there; without FLOOR it only prints the numbers.
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
cmake_minimum_required(VERSION 3.25)

file(GLOB reports "${RESULTS}/*.json")
set(total 0)
foreach(report IN LISTS reports)
  file(STRINGS "${report}" ran REGEX "\"result\": \"COMPLETED\"|\"code\": \"(PASS|FAIL|XPASS|TIMEOUT)\"")
  list(LENGTH ran count)
  math(EXPR total "${total} + ${count}")
  cmake_path(GET report STEM LAST_ONLY suite)
  message(STATUS "${suite}: ${count}")
endforeach()
message(STATUS "tests that ran: ${total}")

foreach(suite IN LISTS SUITES)
  if(NOT EXISTS "${RESULTS}/${suite}.json")
    message(FATAL_ERROR "suite '${suite}' did not run to its end")
  endif()
endforeach()
if(FLOOR AND total LESS FLOOR)
  message(FATAL_ERROR "only ${total} tests ran, the floor is ${FLOOR}")
endif()
