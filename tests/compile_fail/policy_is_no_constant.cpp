// expect: tiercache: this tier's policy is not a constant; declare it static constexpr, and give what is known only at run time with tiercache::with<T>(policy)
#include <tiercache/tiercache.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static const tiercache::TierPolicy policy;
};

static_assert(sizeof(tiercache::TieredCache<Cards>) > 0);
