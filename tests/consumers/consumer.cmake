# The program that each downstream project builds: two translation units that include the library, warnings as errors.
function(add_consumer)
  add_executable(consumer ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/first.cpp ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/second.cpp)
  target_compile_options(consumer PRIVATE
    -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast -Werror)
endfunction()
