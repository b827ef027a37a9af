// FrequencySketch: about how often each key was asked for lately, those that are not held included.
#pragma once

#include <tiercache/detail/bounds.hpp>
#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/zeroed_array.hpp>

#include <cstddef>
#include <cstdint>

namespace tiercache::detail {

/// A count-min sketch with four rows of counters of four bits that are halved over and over (TinyLFU: Einziger,
/// Friedman, Manes 2017). It halves a few counters with each count, so that no count takes long.
///
/// All four counters of a key lie in one cache line, in two words of it for each row.
class FrequencySketch {
 public:
  [[nodiscard]] bool is_ready() const noexcept { return words_.size() != 0; }

  /// Begins to count, for about `capacity` keys. Without the memory for it, it stays as it is and knows nothing.
  void start(std::size_t capacity) noexcept {
    constexpr std::size_t least_words = 256;
    constexpr std::size_t most_words = std::size_t{1} << 31;
    std::size_t words = least_words;
    while (words < within(capacity, least_words, most_words)) words *= 2;
    words_.allocate(words);
    line_bits_ = 0;
    while (line_words << line_bits_ < words_.size()) ++line_bits_;
    period_ = 5 * within(capacity, std::size_t{1}, most_words);
    until_halving_ = static_cast<std::int64_t>(period_ + period_ / 2);
    halved_ = 0;
    debt_ = 0;
  }

  void clear() noexcept { words_.allocate(0); }

  /// Counts a request.
  void count(std::uint32_t hash) noexcept {
    if (!is_ready()) return;
    bool has_counted = false;
    const Place place = place_of(hash);
    for (unsigned row = 0; row < rows; ++row) {
      std::uint64_t& word = words_[place.word(row)];
      if ((word >> place.shift(row) & 15) == 15) continue;
      word += std::uint64_t{1} << place.shift(row);
      has_counted = true;
    }
    if (has_counted) age();
  }

  /// Has the memory brought near that will be needed for a key.
  void prefetch(std::uint32_t hash) const noexcept {
    if (is_ready()) TIERCACHE_PREFETCH(&words_[place_of(hash).line]);
  }

  /// Returns how often a key was asked for, up to 15; 0 before `start`.
  [[nodiscard]] unsigned estimate(std::uint32_t hash) const noexcept {
    if (!is_ready()) return 0;
    const Place place = place_of(hash);
    std::uint64_t least = 15;
    for (unsigned row = 0; row < rows; ++row) {
      least = smaller(least, words_[place.word(row)] >> place.shift(row) & 15);
    }
    return static_cast<unsigned>(least);
  }

 private:
  static constexpr unsigned rows = 4;
  static constexpr std::size_t line_words = 8;

  /// Where the counters of a key are: in which line, and, five bits a row, which there.
  struct Place {
    std::size_t line;
    std::uint32_t counters;

    [[nodiscard]] std::size_t word(unsigned row) const noexcept {
      return line + std::size_t{2} * row + (counters >> 5 * row & 1);
    }
    [[nodiscard]] unsigned shift(unsigned row) const noexcept { return (counters >> (5 * row + 1) & 15) * 4; }
  };

  [[nodiscard]] Place place_of(std::uint32_t hash) const noexcept {
    const std::uint64_t spread = hash * std::uint64_t{0x9E37'79B9'7F4A'7C15};
    return {static_cast<std::size_t>(spread >> 1 >> (63 - line_bits_)) * line_words,
            static_cast<std::uint32_t>(spread ^ spread >> 32)};
  }

  /// Halves counters, each one once every `period_` counts, the first time after up to twice and a half as many.
  void age() noexcept {
    if (until_halving_ > 0) {
      --until_halving_;
      return;
    }
    debt_ += words_.size();
    while (debt_ >= period_) {
      debt_ -= period_;
      words_[halved_] = words_[halved_] >> 1 & 0x7777'7777'7777'7777;
      halved_ = (halved_ + 1) & (words_.size() - 1);
    }
  }

  ZeroedArray<std::uint64_t> words_;
  unsigned line_bits_ = 0;
  std::size_t period_ = 1;
  std::size_t halved_ = 0;
  std::size_t debt_ = 0;
  std::int64_t until_halving_ = 0;
};

}  // namespace tiercache::detail
