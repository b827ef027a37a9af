// Ghosts: the hashes of the entries that an eviction policy turned away last.
#pragma once

#include <tiercache/detail/bounds.hpp>
#include <tiercache/detail/zeroed_array.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>

namespace tiercache::detail {

/// A queue of hashes, first in first out, in which a hash is found at once.
class Ghosts {
 public:
  /// Begins to remember up to `capacity` hashes. Without the memory for it, it remembers none.
  void start(std::size_t capacity) noexcept {
    constexpr std::size_t most = std::size_t{1} << 30;
    capacity_ = within(capacity, std::size_t{1}, most);
    const std::size_t room = std::bit_ceil(2 * capacity_);
    queue_.allocate(room);
    table_.allocate(2 * room);
    if (queue_.size() == 0 || table_.size() == 0) clear();
    begin_ = end_ = size_ = 0;
  }

  void clear() noexcept {
    queue_.allocate(0);
    table_.allocate(0);
    size_ = 0;
  }

  /// Remembers a hash, in place of the oldest one if there are enough.
  void add(std::uint32_t hash) noexcept {
    if (queue_.size() == 0) return;
    erase(hash);
    while (size_ >= capacity_ || next(end_) == begin_) drop_oldest();
    queue_[end_] = not_zero(hash);
    std::size_t at = home_of(not_zero(hash));
    while (table_[at] != 0) at = after(at);
    table_[at] = static_cast<std::uint32_t>(end_ + 1);
    end_ = next(end_);
    ++size_;
  }

  /// Forgets a hash; tells whether it was there.
  bool erase(std::uint32_t hash) noexcept {
    if (size_ == 0) return false;
    for (std::size_t at = home_of(not_zero(hash)); table_[at] != 0; at = after(at)) {
      if (queue_[table_[at] - 1] != not_zero(hash)) continue;
      forget(at);
      return true;
    }
    return false;
  }

 private:
  // In the queue 0 stands for a hash that was forgotten, in the table for nothing; there, others are places in the
  // queue, counted from 1.
  [[nodiscard]] static std::uint32_t not_zero(std::uint32_t hash) noexcept { return hash != 0 ? hash : 1; }

  [[nodiscard]] std::size_t next(std::size_t place) const noexcept { return (place + 1) & (queue_.size() - 1); }
  [[nodiscard]] std::size_t after(std::size_t at) const noexcept { return (at + 1) & (table_.size() - 1); }
  [[nodiscard]] std::size_t home_of(std::uint32_t hash) const noexcept {
    return static_cast<std::size_t>(hash * std::uint64_t{0x9E37'79B9'7F4A'7C15} >> 32) & (table_.size() - 1);
  }

  void drop_oldest() noexcept {
    if (const std::uint32_t hash = queue_[begin_]; hash != 0) {
      std::size_t at = home_of(hash);
      while (table_[at] != begin_ + 1) at = after(at);
      forget(at);
    }
    begin_ = next(begin_);
  }

  /// Empties a place of the table, and closes the gap that it leaves.
  void forget(std::size_t at) noexcept {
    queue_[table_[at] - 1] = 0;
    --size_;
    std::size_t gap = at;
    for (std::size_t other = after(at); table_[other] != 0; other = after(other)) {
      const std::size_t home = home_of(queue_[table_[other] - 1]);
      const std::size_t distance = (other - home) & (table_.size() - 1);
      if (distance < ((other - gap) & (table_.size() - 1))) continue;
      table_[gap] = table_[other];
      gap = other;
    }
    table_[gap] = 0;
  }

  ZeroedArray<std::uint32_t> queue_;
  ZeroedArray<std::uint32_t> table_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t size_ = 0;
};

}  // namespace tiercache::detail
