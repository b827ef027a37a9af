// expect: tiercache: this cascade cannot call its function: keys<T> takes one of (const Key&, const Value*), for an Unkeyed tier of (const Value*), which returns a key, an optional key or a range of keys of T
#include <tiercache/tiercache.hpp>

#include <string>

struct Boards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};
struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
  static constexpr auto also_invalidates = tiercache::cascade(tiercache::keys<Boards>([](int id) { return id; }));
};

void use(tiercache::TieredCache<Boards, Cards>& cache) {
  cache.invalidate<Cards>(7);
}
