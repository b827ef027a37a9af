# Compiles a program, which must succeed and print nothing (no warning), and runs it.
#
# cmake -D PROGRAM=file -P compile_and_run.cmake -- compiler flags... sources...
cmake_minimum_required(VERSION 3.25)

include(${CMAKE_CURRENT_LIST_DIR}/../support/command.cmake)
file(REMOVE "${PROGRAM}")
execute_process(COMMAND ${command} -o "${PROGRAM}" RESULT_VARIABLE failed OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(failed OR NOT "${output}" STREQUAL "")
  list(JOIN command " " command)
  message("${command}\n${output}")
  message(FATAL_ERROR "tiercache: this should compile without a word.")
endif()
execute_process(COMMAND "${PROGRAM}" COMMAND_ERROR_IS_FATAL ANY)
