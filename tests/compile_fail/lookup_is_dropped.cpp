// expect: tiercache: a lookup does nothing until it is awaited: co_await it, or call get()
// flags: -Werror=unused-result -Werror=unused-value
#include <tiercache/tiercache.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Cards>& cache) {
  cache.get_or_fetch<Cards>(7, [] { return "a card"; });
}
