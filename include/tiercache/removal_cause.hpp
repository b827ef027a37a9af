// RemovalCause: why an entry left its tier, as listeners are told.
#pragma once

#include <tiercache/detail/compiler.hpp>

namespace tiercache {

/// Why an entry left its tier. Given to the listener set with `on_removal`.
enum class RemovalCause : unsigned char {
  /// A newer value was stored under its key while it was fresh.
  Replaced,
  /// `invalidate` or `invalidate_if` dropped it.
  Invalidated,
  /// It was found past its deadline.
  Expired,
  /// It had to go to keep the tier within its bounds.
  Evicted,
  /// `trim` dropped it.
  Trimmed,
  /// `clear` dropped it.
  Cleared,
};

}  // namespace tiercache
