// expect: tiercache: this tier's weigh does not fit: make it public, static std::size_t weigh(const Key&, const Value&)
#include <tiercache/tiercache.hpp>

#include <cstddef>
#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};

 private:
  static std::size_t weigh(int, const std::string& card) { return card.size(); }
};

static_assert(sizeof(tiercache::TieredCache<Cards>) > 0);
