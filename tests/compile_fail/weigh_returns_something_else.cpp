// expect: tiercache: this tier's weigh does not fit: make it public, static std::size_t weigh(const Key&, const Value&)
#include <tiercache/tiercache.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
  static std::string weigh(int, const std::string& card) { return card; }
};

static_assert(sizeof(tiercache::TieredCache<Cards>) > 0);
