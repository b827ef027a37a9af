// The keys that are asked for: all of a set of numbers, and requests for them by Zipf's law.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace benchmarks {

/// Returns the key of that rank. Keys are scattered: tables whose hash of a number is the number gain nothing by it.
[[nodiscard]] constexpr std::uint64_t key_of(std::uint64_t rank) noexcept {
  return (rank + 1) * 0x9E37'79B9'7F4A'7C15;
}

/// Returns the keys of the first `count` ranks, shuffled, so that what is stored in this order is not ordered by rank.
[[nodiscard]] inline std::vector<std::uint64_t> shuffled_keys(std::size_t count) {
  std::vector<std::uint64_t> keys(count);
  for (std::size_t rank = 0; rank < count; ++rank) keys[rank] = key_of(rank);
  std::shuffle(keys.begin(), keys.end(), std::mt19937_64(1));
  return keys;
}

/// Returns ranks below `count`, each rank r with a probability that goes with 1 / (r + 1) ^ 0.99; the same ones in each
/// program.
[[nodiscard]] inline std::vector<std::uint64_t> zipf_ranks(std::size_t count, std::size_t requests) {
  std::vector<double> sums(count);
  double sum = 0;
  for (std::size_t rank = 0; rank < count; ++rank) sums[rank] = sum += std::pow(static_cast<double>(rank + 1), -0.99);
  std::mt19937_64 random(2);
  std::uniform_real_distribution<double> point(0, sum);
  std::vector<std::uint64_t> ranks(requests);
  for (std::uint64_t& rank : ranks) {
    const auto found = std::lower_bound(sums.begin(), sums.end() - 1, point(random));
    rank = static_cast<std::uint64_t>(found - sums.begin());
  }
  return ranks;
}

/// Returns requests for the keys of the first `count` ranks.
[[nodiscard]] inline std::vector<std::uint64_t> zipf_keys(std::size_t count, std::size_t requests) {
  std::vector<std::uint64_t> keys = zipf_ranks(count, requests);
  for (std::uint64_t& key : keys) key = key_of(key);
  return keys;
}

}  // namespace benchmarks
