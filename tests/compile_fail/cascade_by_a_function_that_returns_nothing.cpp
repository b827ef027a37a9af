// expect: tiercache: this cascade's function names no keys: the one given to keys<T> returns a key, an optional key or a range of keys of T
#include <tiercache/tiercache.hpp>

#include <string>

struct Boards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};
struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
  static constexpr auto also_invalidates = tiercache::cascade(tiercache::keys<Boards>([](int, const std::string*) {}));
};

void use(tiercache::TieredCache<Boards, Cards>& cache) {
  cache.invalidate<Cards>(7);
}
