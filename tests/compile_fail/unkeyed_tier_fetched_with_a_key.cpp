// expect: tiercache: this tier is Unkeyed: leave the key argument out
#include <tiercache/tiercache.hpp>

#include <string>

struct Workspace : tiercache::Tier<tiercache::Unkeyed, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Workspace>& cache) {
  static_cast<void>(cache.get_or_fetch<Workspace>("home", [] { return "a workspace"; }).get());
}
