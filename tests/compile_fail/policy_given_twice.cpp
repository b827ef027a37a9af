// expect: tiercache: with<T> is given twice for one tier; give one policy for each
#include <tiercache/tiercache.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

const auto policy = tiercache::with<Cards>({.ttl = std::chrono::seconds(1)});
tiercache::TieredCache<Cards> cache(policy, policy);
