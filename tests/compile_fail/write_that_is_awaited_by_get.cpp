// expect: tiercache: this operation is awaited: write co_await cache.write<T>(key, operation)
#include <tiercache/tiercache.hpp>

#include <coroutine>
#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Cards>& cache) {
  cache.write<Cards>(7, [] { return std::suspend_always(); }).get();
}
