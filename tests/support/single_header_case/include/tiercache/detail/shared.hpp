// Included twice, inlined once, before the part that needs it.
#pragma once

#include <vector>
#include <algorithm>  // a reason

#ifdef _WIN32
#include <intrin.h>
#include <vector>
#else
#  if __has_include(<sched.h>)
#  include <sched.h>
#  endif
#endif

inline int shared(std::vector<int> v) { return *std::max_element(v.begin(), v.end()); }
