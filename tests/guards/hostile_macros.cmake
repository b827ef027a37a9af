# compile_and_run.cmake, with the macros of hostile_macros.hpp defined before our headers are read, but after every
# other header that they include: those macros would break the standard library itself.
#
# cmake -D PROGRAM=file -D HEADERS=directory -P hostile_macros.cmake -- compiler flags... sources...
cmake_minimum_required(VERSION 3.25)

file(GLOB_RECURSE headers "${HEADERS}/*.hpp")
set(text "")
foreach(header IN LISTS headers)
  file(STRINGS "${header}" includes REGEX "^[ \t]*#[ \t]*include[ \t]*<")
  foreach(include IN LISTS includes)
    string(REGEX MATCH "<[^>]+>" name "${include}")
    if(NOT name MATCHES "^<(tiercache|fmt|asio|boost)/")
      string(APPEND text "#if __has_include(${name})\n#include ${name}\n#endif\n")
    endif()
  endforeach()
endforeach()
if("${text}" STREQUAL "")
  message(FATAL_ERROR "tiercache: no include found under ${HEADERS}.")
endif()
file(READ "${CMAKE_CURRENT_LIST_DIR}/hostile_macros.hpp" macros)
file(WRITE "${PROGRAM}.hpp" "${text}\n${macros}")

include(${CMAKE_CURRENT_LIST_DIR}/../support/command.cmake)
list(APPEND command -include "${PROGRAM}.hpp")
include(${CMAKE_CURRENT_LIST_DIR}/compile_and_run.cmake)
