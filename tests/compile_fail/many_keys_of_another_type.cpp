// expect: tiercache: this argument is no key of the tier: give its key_type, something that converts to it, or (a tier with a transparent hash) something that the hash and the comparison accept
#include <tiercache/tiercache.hpp>

#include <span>
#include <string>
#include <vector>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Cards>& cache) {
  const std::vector<std::string> keys{"a"};
  const auto fetch = [](std::span<const int>) { return std::vector<std::string>(); };
  static_cast<void>(cache.get_or_fetch_many<Cards>(keys, fetch).get());
}
