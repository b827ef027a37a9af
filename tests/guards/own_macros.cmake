# Fails where a header of ours defines or undefines a macro that does not begin with TIERCACHE_. It reads the sources
# rather than what a compiler makes of them, so the branches for other platforms are seen too.
#
# cmake -D HEADERS=directory -P own_macros.cmake
cmake_minimum_required(VERSION 3.25)

file(GLOB_RECURSE headers "${HEADERS}/*.hpp")
if(NOT headers)
  message(FATAL_ERROR "tiercache: no header under ${HEADERS}.")
endif()
foreach(header IN LISTS headers)
  file(READ "${header}" text)
  string(REGEX MATCHALL "\n[ \t]*#[ \t]*(define|undef)[ \t]+[A-Za-z0-9_]+" directives "\n${text}")
  foreach(directive IN LISTS directives)
    if(NOT directive MATCHES "[ \t]TIERCACHE_[A-Z0-9_]+$")
      string(STRIP "${directive}" directive)
      message(SEND_ERROR "tiercache: ${header} has `${directive}`; a macro of ours begins with TIERCACHE_.")
    endif()
  endforeach()
endforeach()
