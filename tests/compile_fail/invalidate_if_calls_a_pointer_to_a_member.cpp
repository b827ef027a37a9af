// expect: tiercache: invalidate_if cannot call this predicate: give one that takes (const Key&, const Value&), for an Unkeyed tier (const Value&), and returns bool, such as a lambda
#include <tiercache/tiercache.hpp>

#include <string>

struct Workspace : tiercache::Tier<tiercache::Unkeyed, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Workspace>& cache) {
  cache.invalidate_if<Workspace>(&std::string::empty);
}
