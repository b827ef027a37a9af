// expect: tiercache: this is no fetcher: give a callable that takes the tier's key (as const Key&) or nothing (for a pointer to a member a lambda), or an awaitable object; a value that is there already is stored with put
#include <tiercache/tiercache.hpp>

#include <cstddef>
#include <string>

struct Id {
  std::string text;
  std::string load() const { return text; }
  bool operator==(const Id&) const = default;
};
struct IdHash {
  std::size_t operator()(const Id& id) const { return id.text.size(); }
};
struct Cards : tiercache::Tier<Id, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
  using hash = IdHash;
};

void use(tiercache::TieredCache<Cards>& cache) {
  static_cast<void>(cache.get_or_fetch<Cards>(Id{"7"}, &Id::load).get());
}
