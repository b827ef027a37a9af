// Ghosts: the hashes of the entries that an eviction policy turned away last.
#pragma once

#include <tiercache/detail/bounds.hpp>
#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/zeroed_array.hpp>

#include <cstddef>
#include <cstdint>

namespace tiercache::detail {

/// Remembers the hashes that came last, in short queues of one cache line each, from the youngest to the oldest.
///
/// A queue keeps half of each hash, and how many others were remembered when it came, roughly: once enough have come
/// since, it is forgotten. So all queues together are one, first in first out, but for the few hashes that find theirs
/// crowded.
class Ghosts {
 public:
  /// Begins to remember the last `capacity` hashes. Without the memory for it, it remembers none.
  void start(std::size_t capacity) noexcept {
    constexpr std::size_t most = std::size_t{1} << 30;
    constexpr std::size_t usual_length = 10;
    constexpr std::size_t most_ages = std::size_t{1} << 14;
    capacity = within(capacity, std::size_t{1}, most);
    queues_ = (capacity - 1) / usual_length + 1;
    ticks_ = (capacity - 1) / most_ages + 1;
    oldest_age_ = static_cast<std::int16_t>((capacity - 1) / ticks_);
    time_ = 0;
    words_.allocate(queues_ * queue_length);
  }

  void clear() noexcept { words_.allocate(0); }

  /// Has the memory brought near that will be needed for a hash.
  void prefetch(std::uint32_t hash) const noexcept {
    if (words_.size() != 0) TIERCACHE_PREFETCH(&words_[queue_of(hash)]);
  }

  /// Remembers a hash. Wants it not to be remembered yet.
  void add(std::uint32_t hash) noexcept {
    if (words_.size() == 0) return;
    ++time_;
    std::uint32_t* const queue = &words_[queue_of(hash)];
    for (std::size_t i = queue_length - 1; i != 0; --i) queue[i] = queue[i - 1];
    queue[0] = hash << 16 | time();
  }

  /// Forgets a hash; tells whether it was there.
  bool erase(std::uint32_t hash) noexcept {
    if (words_.size() == 0) return false;
    std::uint32_t* const queue = &words_[queue_of(hash)];
    for (std::size_t i = 0; i != queue_length; ++i) {
      if (queue[i] >> 16 != (hash & 0xffff) || queue[i] == 0) continue;
      if (static_cast<std::int16_t>(time() - queue[i]) > oldest_age_) return false;
      --time_;
      for (; i + 1 != queue_length; ++i) queue[i] = queue[i + 1];
      queue[i] = 0;
      return true;
    }
    return false;
  }

 private:
  static constexpr std::size_t queue_length = 64 / sizeof(std::uint32_t);

  /// Returns what of the time stands in a word.
  [[nodiscard]] std::uint16_t time() const noexcept { return static_cast<std::uint16_t>(time_ / ticks_); }

  // By the upper half of a hash: the lower one is in the word.
  [[nodiscard]] std::size_t queue_of(std::uint32_t hash) const noexcept {
    return static_cast<std::size_t>(std::uint64_t{hash} * queues_ >> 32) * queue_length;
  }

  ZeroedArray<std::uint32_t> words_;
  std::size_t queues_ = 1;
  /// How many hashes were added and not forgotten by `erase`.
  std::size_t time_ = 0;
  /// How much of that is one step of the time in a word.
  std::size_t ticks_ = 1;
  std::int16_t oldest_age_ = 0;
};

}  // namespace tiercache::detail
