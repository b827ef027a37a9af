// expect: tiercache needs C++20: compile with -std=c++20 (g++, clang++) or /std:c++20 (MSVC)
// flags: -std=c++17
#include "../../include/single/tiercache/tiercache.hpp"
