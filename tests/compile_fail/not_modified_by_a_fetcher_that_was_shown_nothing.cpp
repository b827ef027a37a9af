// expect: tiercache: a fetcher that may say not_modified is one that is shown what is there: have it take the key and a const tiercache::CacheEntry<Value>* (in an Unkeyed tier that alone)
#include <tiercache/tiercache.hpp>

struct Cards : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Cards>& cache) {
  const auto fetch = [](int) -> tiercache::Refetched<int> { return tiercache::not_modified; };
  static_cast<void>(cache.get_or_fetch<Cards>(7, fetch).get());
}
