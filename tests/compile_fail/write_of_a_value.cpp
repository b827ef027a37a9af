// expect: tiercache: write cannot call this operation: give a callable that takes nothing and returns a result, nothing or an awaitable, or an awaitable object
#include <tiercache/tiercache.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Cards>& cache) {
  cache.write<Cards>(7, std::string("a new text")).get();
}
