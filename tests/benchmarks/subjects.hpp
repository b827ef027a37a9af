// The library's caches of payloads that most benchmarks measure.
#pragma once

#include "payload.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace benchmarks {

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
