# Counts the lines that <tiercache/tiercache.hpp> makes the compiler read, empty ones aside, and fails when they are too
# many.
#
# cmake -D HEADERS=directory -P include_cost.cmake -- compiler flags...
cmake_minimum_required(VERSION 3.25)

set(most 50000)

include(${CMAKE_CURRENT_LIST_DIR}/../support/command.cmake)
execute_process(COMMAND ${command} -E -P -x c++ -include "${HEADERS}/tiercache.hpp" /dev/null OUTPUT_VARIABLE text
                COMMAND_ERROR_IS_FATAL ANY)
string(REGEX REPLACE "\n[ \t\n]*\n" "\n" text "${text}")
string(REGEX REPLACE "[^\n]+" "" text "${text}")
string(LENGTH "${text}" lines)
message(STATUS "${lines} lines")
if(lines GREATER most)
  message(FATAL_ERROR "tiercache: <tiercache/tiercache.hpp> costs ${lines} lines, more than the ${most} agreed on.")
endif()
if(lines LESS 1000)
  message(FATAL_ERROR "tiercache: ${lines} lines cannot be right.")
endif()
