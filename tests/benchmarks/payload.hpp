// Payload: the value of most benchmarks, 64 bytes, and what computes it where it is not in the cache.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace benchmarks {

struct Payload {
  std::array<std::uint64_t, 8> words;
};

/// How many values were computed.
inline std::size_t computed = 0;

[[nodiscard]] inline Payload compute(std::uint64_t key) {
  ++computed;
  return {{key, key, key, key, key, key, key, key}};
}

/// Asks a cache that leaves computing to its user.
template <class Cache>
[[nodiscard]] Payload get_or_compute(Cache& cache, std::uint64_t key) {
  if (const auto found = cache.get(key)) return *found;
  const Payload payload = compute(key);
  cache.put(key, payload);
  return payload;
}

}  // namespace benchmarks
