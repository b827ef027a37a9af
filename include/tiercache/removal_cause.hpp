// RemovalCause: why an entry left its tier, as listeners are told.
#pragma once

#include <tiercache/detail/compiler.hpp>

namespace tiercache {

/// Why an entry left its tier. Given to the listener set with `on_removal`.
enum class RemovalCause : unsigned char {
  /// Another value was stored under its key, or a "there is none" that is remembered, while it was of use: fresh, or
  /// past its TTL where the policy's `stale_for` or `stale_if_error` still kept it.
  Replaced,
  /// `invalidate`, `invalidate_if` or a `write` that named its tier dropped it.
  Invalidated,
  /// It was dropped since another tier was invalidated, by a cascade.
  Cascaded,
  /// It was found past its deadline; or a fetch found that there is none, and that is not remembered.
  Expired,
  /// It had to go to keep the tier within its bounds.
  Evicted,
  /// `trim` dropped it.
  Trimmed,
  /// `clear` dropped it.
  Cleared,
};

}  // namespace tiercache
