# Compiles one case and compares what happens with what its first line expects; a sentence must not drown in errors:
#
#   // expect: tiercache: the sentence     it does not compile, and the first error says that sentence
#   // expect: compiles                    it compiles
#   // compiler: GNU < 13                  (second line, optional) the sentence is for these compilers, for others
#                                          the case compiles
#   // flags: -std=c++17                   (second line, optional) it is compiled with these flags too
#
# cmake -D CASE=file -D COMPILER_ID=id -D COMPILER_VERSION=version -P run.cmake -- compiler flags...
cmake_minimum_required(VERSION 3.25)
set(ENV{LC_ALL} C)

file(READ "${CASE}" text)
if(NOT "${text}" MATCHES "^// expect: ([^\n]+)\n")
  message(FATAL_ERROR "${CASE} does not begin with a line `// expect: ...`.")
endif()
set(expected "${CMAKE_MATCH_1}")
if("${text}" MATCHES "^[^\n]+\n// compiler: ([^\n]*)\n")
  if(NOT "${CMAKE_MATCH_1}" MATCHES "^([A-Za-z]+) < ([0-9.]+)$")
    message(FATAL_ERROR "${CASE}: the second line is not of the form `// compiler: GNU < 13`.")
  endif()
  if(NOT (COMPILER_ID STREQUAL CMAKE_MATCH_1 AND COMPILER_VERSION VERSION_LESS CMAKE_MATCH_2))
    set(expected "compiles")
  endif()
endif()

set(flags "")
if("${text}" MATCHES "^[^\n]+\n// flags: ([^\n]*)\n")
  separate_arguments(flags UNIX_COMMAND "${CMAKE_MATCH_1}")
endif()

include(${CMAKE_CURRENT_LIST_DIR}/../support/command.cmake)
execute_process(COMMAND ${command} ${flags} -fsyntax-only "${CASE}" RESULT_VARIABLE failed OUTPUT_VARIABLE output
                ERROR_VARIABLE output)
string(REGEX MATCH "error: [^\n]*" first_error "${output}")
string(REGEX MATCHALL "error: " errors "${output}")
list(LENGTH errors errors)
string(FIND "${first_error}" "${expected}" position)
if("${expected}" STREQUAL "compiles")
  if(failed)
    message("${output}")
    message(FATAL_ERROR "${CASE} should compile.")
  endif()
elseif(NOT failed)
  message(FATAL_ERROR "${CASE} compiles. It should not; the error should be\n  ${expected}")
elseif(position EQUAL -1)
  message("${output}")
  message(FATAL_ERROR "${CASE}: the first error should be\n  ${expected}")
elseif(errors GREATER 4)
  message("${output}")
  message(FATAL_ERROR "${CASE}: there are ${errors} errors, most of them about nothing that the user wrote.")
endif()
