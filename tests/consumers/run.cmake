# Builds and runs one of the downstream projects beside this file as its user would, in a directory of its own.
#
# cmake -D CONSUMER=name -D TIERCACHE=checkout -D BUILD=its-build-directory -D WORK=directory -D VERSION=major.minor
#       -D GENERATOR=... -D COMPILER=... -D FLAGS=... -P run.cmake
cmake_minimum_required(VERSION 3.25)

file(REMOVE_RECURSE "${WORK}")
set(arguments "")
if(CONSUMER STREQUAL "find_package")
  execute_process(COMMAND ${CMAKE_COMMAND} --install "${BUILD}" --prefix "${WORK}/first" OUTPUT_QUIET
                  COMMAND_ERROR_IS_FATAL ANY)
  file(GLOB_RECURSE installed LIST_DIRECTORIES OFF RELATIVE "${WORK}/first" "${WORK}/first/*")
  list(FILTER installed EXCLUDE REGEX "/tiercache/")
  if(installed)
    message(FATAL_ERROR "tiercache: what is installed is not all ours: ${installed}")
  endif()
  file(RENAME "${WORK}/first" "${WORK}/moved")  # a package holds no path of where it was made
  set(arguments -D CMAKE_PREFIX_PATH=${WORK}/moved -D TIERCACHE_VERSION=${VERSION})
elseif(CONSUMER STREQUAL "fetch_content")
  set(arguments -D FETCHCONTENT_SOURCE_DIR_TIERCACHE=${TIERCACHE})
elseif(CONSUMER STREQUAL "single_header")
  file(COPY "${TIERCACHE}/include/single/tiercache/tiercache.hpp" DESTINATION "${WORK}/vendor/tiercache")
  set(arguments -D VENDOR=${WORK}/vendor)
else()
  set(arguments -D TIERCACHE=${TIERCACHE})
endif()

execute_process(
  COMMAND ${CMAKE_COMMAND} -S "${CMAKE_CURRENT_LIST_DIR}/${CONSUMER}" -B "${WORK}/build" -G ${GENERATOR}
    -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_CXX_FLAGS=${FLAGS} -D CMAKE_EXPORT_COMPILE_COMMANDS=ON ${arguments}
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build "${WORK}/build" COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${WORK}/build/consumer" COMMAND_ERROR_IS_FATAL ANY)

# A vendored header is the user's own code; in the other cases their warning flags are not for us.
file(READ "${WORK}/build/compile_commands.json" commands)
if(NOT CONSUMER STREQUAL "single_header" AND NOT "${commands}" MATCHES "-isystem [^ ]*/include ")
  message(FATAL_ERROR "tiercache: our headers are no system headers to ${CONSUMER}:\n${commands}")
endif()

# The consumers install nothing, so what would be installed is ours.
execute_process(COMMAND ${CMAKE_COMMAND} --install "${WORK}/build" --prefix "${WORK}/nothing" COMMAND_ERROR_IS_FATAL ANY)
file(GLOB_RECURSE installed "${WORK}/nothing/*")
if(installed)
  message(FATAL_ERROR "tiercache: as part of another project it installs ${installed}")
endif()
