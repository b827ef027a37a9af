// Fences: which keys of a tier were written or invalidated lately, for values that come without a flight of their own.
#pragma once

#include <tiercache/detail/array.hpp>

#include <cstddef>
#include <cstdint>

namespace tiercache::detail {

/// Remembers when a key was written or invalidated last, or another one in its place: by a part of its hash, so that it
/// may say so of too many keys, and never of too few. Costs two kilobytes, and only where somebody asked. Guarded by
/// the tier's lock.
class Fences {
 public:
  /// Returns the moment from which `is_down_since` can tell. Throws `std::bad_alloc`.
  [[nodiscard]] std::uint64_t watch() {
    if (!raised_) raised_ = Array<std::uint64_t>(places);
    return moment_;
  }

  void raise(std::uint32_t hash) noexcept {
    if (raised_) raised_[hash % places] = ++moment_;
  }
  void raise_all() noexcept { all_raised_ = ++moment_; }

  /// Tells whether the key with this hash was left alone since a moment that `watch` returned.
  [[nodiscard]] bool is_down_since(std::uint64_t moment, std::uint32_t hash) const noexcept {
    return all_raised_ <= moment && raised_[hash % places] <= moment;
  }

 private:
  static constexpr std::size_t places = 256;

  Array<std::uint64_t> raised_;
  std::uint64_t moment_ = 0;
  std::uint64_t all_raised_ = 0;
};

}  // namespace tiercache::detail
