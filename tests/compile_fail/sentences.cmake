# Fails unless each static_assert sentence of the headers is, word for word, what one of the cases beside this file
# expects.
#
# cmake -D HEADERS=directory -P sentences.cmake
cmake_minimum_required(VERSION 3.25)

file(GLOB cases "${CMAKE_CURRENT_LIST_DIR}/*.cpp")
set(expected "")
foreach(case IN LISTS cases)
  file(READ "${case}" text)
  string(REGEX MATCH "^[^\n]*\n" first_line "${text}")
  string(APPEND expected "${first_line}")
endforeach()

file(GLOB_RECURSE headers "${HEADERS}/*.hpp")
set(count 0)
foreach(header IN LISTS headers)
  file(READ "${header}" text)
  # A literal in several pieces, up to the end of the static_assert.
  while("${text}" MATCHES "\"(tiercache: [^\"]*(\"[ \n]*\"[^\"]*)*)\"\\);(.*)$")
    set(sentence "${CMAKE_MATCH_1}")
    set(text "${CMAKE_MATCH_3}")
    string(REGEX REPLACE "\"[ \n]*\"" "" sentence "${sentence}")
    string(FIND "${expected}" "// expect: ${sentence}\n" position)
    if(position EQUAL -1)
      message(SEND_ERROR "tiercache: no case in tests/compile_fail expects this sentence of ${header}:\n  ${sentence}")
    endif()
    math(EXPR count "${count} + 1")
  endwhile()
endforeach()
message(STATUS "${count} sentences")
if(count LESS 20)
  message(SEND_ERROR "tiercache: ${count} sentences cannot be all.")
endif()
