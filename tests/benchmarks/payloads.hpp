// Payload: the value of most benchmarks, 64 bytes; what computes it where it is missing; the library's caches of it.
#pragma once

#include <tiercache/tiercache.hpp>

#include <array>
#include <chrono>
#include <coroutine>
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

/// Awaits nothing and computes: what an awaitable fetcher returns that allocates nothing of its own.
struct Computed {
  std::uint64_t key;

  bool await_ready() const noexcept { return true; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  Payload await_resume() const { return compute(key); }
};

struct Payloads : tiercache::Tier<std::uint64_t, Payload> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::hours(1)};
};

/// What an event loop would use.
struct LoopConfig {
  using clock = tiercache::TickClock;
  using threading = tiercache::SingleThreaded;
};
using LocalCache = tiercache::BasicTieredCache<LoopConfig, Payloads>;
using SharedCache = tiercache::TieredCache<Payloads>;

/// Gives a tier a capacity.
template <class T>
[[nodiscard]] auto holding(std::size_t capacity) {
  tiercache::TierPolicy policy = T::policy;
  policy.capacity = capacity;
  return tiercache::with<T>(policy);
}

}  // namespace benchmarks
