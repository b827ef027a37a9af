// expect: tiercache: a loader answers with the tier's Value, or a CacheEntry of it: get_or_fetch<T>(key) yields a Value, and has no place for a nullopt or an error
#include <tiercache/tiercache.hpp>

#include <optional>
#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Cards>& cache) {
  cache.set_loader<Cards>([](int) { return std::optional<std::string>(); });
}
