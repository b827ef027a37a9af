// expect: tiercache: this tier has no public policy; make it a struct, and write static constexpr tiercache::TierPolicy policy{.ttl = 5min}; in it
#include <tiercache/tiercache.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {};

static_assert(sizeof(tiercache::TieredCache<Cards>) > 0);
