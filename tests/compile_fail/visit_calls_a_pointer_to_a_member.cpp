// expect: tiercache: visit cannot call this function: give one that takes const Value&, such as a lambda
#include <tiercache/tiercache.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Cards>& cache) {
  cache.visit<Cards>(7, &std::string::size);
}
