// What operator new did on this thread, and whether it is to fail. It only works in a program of which one source file
// includes counted_new.hpp.
#pragma once

#include <cstddef>

namespace support {

struct Allocations {
  /// How many were asked for.
  static inline thread_local std::size_t count = 0;
  /// How many are given and not given back. Of this thread: only for what is freed where it was allocated.
  static inline thread_local std::ptrdiff_t live = 0;
  /// How many succeed until one fails; negative: all do.
  static inline thread_local std::ptrdiff_t until_failure = -1;
};

/// While it lives, the allocation after the next `before` ones on this thread fails, once.
class FailingAllocation {
 public:
  explicit FailingAllocation(std::ptrdiff_t before) noexcept { Allocations::until_failure = before; }
  FailingAllocation(const FailingAllocation&) = delete;
  FailingAllocation& operator=(const FailingAllocation&) = delete;
  ~FailingAllocation() { Allocations::until_failure = -1; }

  [[nodiscard]] static bool has_failed() noexcept { return Allocations::until_failure < 0; }
};

}  // namespace support
