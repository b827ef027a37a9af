// expect: tiercache: the fetcher's result does not fit the tier: return its Value (or what converts to it), a CacheEntry<Value>, a std::optional<Value>, a copyable expected-like type that can be made from a Value, or an awaitable of one of these; for a task that only its own library can await, specialise tiercache::fetch_runner
#include <tiercache/tiercache.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Cards>& cache) {
  const auto fetch = [](int id) { return id; };
  static_cast<void>(cache.get_or_fetch<Cards>(7, fetch).get());
}
