// expect: tiercache: this cascade cannot call its predicate: where<T> takes one of (const Key&, const ItsKey&, const ItsValue&), with the key left out of a tier that is Unkeyed, which returns bool
#include <tiercache/tiercache.hpp>

#include <string>

struct Boards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};
struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
  static constexpr auto also_invalidates =
      tiercache::cascade(tiercache::where<Boards>([](int, int, const std::string& board) { return board; }));
};

void use(tiercache::TieredCache<Boards, Cards>& cache) {
  cache.invalidate<Cards>(7);
}
