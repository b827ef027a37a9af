# Runs a program that must end with the exit status STATUS and with one line on its error output, which says SAYS.
#
# cmake -D STATUS=number -D SAYS=text -P fails_with_one_line.cmake -- program arguments...
cmake_minimum_required(VERSION 3.25)

include(${CMAKE_CURRENT_LIST_DIR}/command.cmake)
execute_process(COMMAND ${command} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE error)
string(FIND "${error}" "${SAYS}" position)
if(NOT status STREQUAL STATUS OR NOT "${error}" MATCHES "^[^\n]+\n$" OR position EQUAL -1)
  message(FATAL_ERROR "It should end with status ${STATUS} and one line that says `${SAYS}`.\n"
                      "It ends with status ${status} and\n${error}and prints\n${output}")
endif()
