# Fails where a header of ours has what GCC 15 gets wrong: a structured binding of what co_await gives, whose destructor
# it leaves out (PR 124584), and an await_suspend that destroys a coroutine itself (PR 121961).
#
# cmake -D HEADERS=directory -P awaits_that_gcc_15_miscompiles.cmake
cmake_minimum_required(VERSION 3.25)

file(GLOB_RECURSE headers "${HEADERS}/*.hpp")
set(count 0)
foreach(header IN LISTS headers)
  file(READ "${header}" text)
  # Neither means anything to the expressions below, and CMake takes them for parts of its own lists.
  string(REPLACE ";" "," text "${text}")
  string(REPLACE "[" "<" text "${text}")
  string(REPLACE "]" ">" text "${text}")
  if(text MATCHES "auto *&?&? *<[a-z_, \n]*>[ \n]*[=({][ \n]*co_await")
    message(SEND_ERROR "tiercache: ${header} has `${CMAKE_MATCH_0}`: name what co_await gives first.")
  endif()
  string(REGEX MATCHALL "await_suspend\\([^{}]*\\)[^{},]*{[^}]*}" bodies "${text}")
  foreach(body IN LISTS bodies)
    math(EXPR count "${count} + 1")
    if(body MATCHES "destroy\\(\\)")
      message(SEND_ERROR "tiercache: ${header} destroys a coroutine inside await_suspend.")
    endif()
  endforeach()
endforeach()
message(STATUS "${count} definitions of await_suspend")
if(count LESS 3)
  message(SEND_ERROR "tiercache: ${count} definitions of await_suspend cannot be all.")
endif()
