// RemovalCause: why an entry left its tier, as listeners are told.
#pragma once

#include <tiercache/detail/compiler.hpp>

namespace tiercache {

/// Why an entry left its tier. Given to the listener set with `on_removal`.
enum class RemovalCause : unsigned char {
  /// A newer value was stored under its key while it was fresh.
  Replaced,
  /// `invalidate`, `invalidate_if` or a `write` dropped it.
  Invalidated,
  /// It was dropped with an entry of another tier, by a cascade.
  Cascaded,
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
