// expect: tiercache: this tier has keys: give one before the other arguments
#include <tiercache/tiercache.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Cards>& cache) {
  static_cast<void>(cache.get_or_fetch<Cards>([](int id) { return std::to_string(id); }).get());
}
