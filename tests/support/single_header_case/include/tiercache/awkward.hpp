#pragma once

#include <tiercache/detail/shared.hpp>

#include <array>
#include <Zebra>
#include <vector>

// What CMake's lists and strings could eat: ; ;; \; \\; a[0]; [ ]] [=[ ]=] ${name} @name@ $ENV{HOME} $<1:x> "quotes".

[[nodiscard]] inline int first(const int (&a)[2]) { return a[0]; }


// two empty lines above; a tab	inside; é; a list: a;b;;c;
#define TIERCACHE_TWO_LINES(x) \
  do {                         \
  } while (x)

inline const char* text = "\\;\"[;]\n\\";
inline const char* unbalanced = R"(]];[[
${body};\)";
// a line that ends in a backslash and a semicolon \;

// the last line is blank

