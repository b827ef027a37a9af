// expect: compiles
#include <tiercache/tiercache.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Cards>& cache, std::string text) {
  static_cast<void>(cache.get_or_fetch<Cards>(7, [text] { return text; }).get());
}
