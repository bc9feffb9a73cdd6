# Fails when ctest knows fewer than `floor` enabled tests in the build directory `build`.
#
#     cmake -D ctest=ctest -D build=build -D floor=100 -P tests/floor.cmake
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
cmake_minimum_required(VERSION 3.25)

execute_process(COMMAND "${ctest}" --test-dir "${build}" --show-only=json-v1
  OUTPUT_VARIABLE description COMMAND_ERROR_IS_FATAL ANY)
string(JSON count LENGTH "${description}" tests)
string(REGEX MATCHALL "\"name\" : \"DISABLED\",[ \n]*\"value\" : true" disabled "${description}")
list(LENGTH disabled disabled_count)
math(EXPR enabled "${count} - ${disabled_count}")
message(STATUS "${enabled} tests, at least ${floor} wanted")
if(enabled LESS floor)
  message(FATAL_ERROR "only ${enabled} tests: some are not built or were dropped")
endif()
