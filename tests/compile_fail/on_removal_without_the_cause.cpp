// expect: tiercache: on_removal cannot call this function: give one that takes (const Key&, const Value&, RemovalCause), for an Unkeyed tier (const Value&, RemovalCause), such as a lambda, or nullptr
#include <tiercache/tiercache.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Cards>& cache) {
  cache.on_removal<Cards>([](int, const std::string&) {});
}
