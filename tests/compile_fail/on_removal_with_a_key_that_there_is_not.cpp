// expect: tiercache: on_removal cannot call this function: give one that takes (const Key&, const Value&, RemovalCause), for an Unkeyed tier (const Value&, RemovalCause), such as a lambda, or nullptr
#include <tiercache/tiercache.hpp>

#include <string>

struct Workspace : tiercache::Tier<tiercache::Unkeyed, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Workspace>& cache) {
  cache.on_removal<Workspace>([](int, const std::string&, tiercache::RemovalCause) {});
}
