// expect: tiercache: this cascade names keys of a tier that is Unkeyed and has none: write whole<T> for keys<T>(function), or return a std::optional<tiercache::Unkeyed>
#include <tiercache/tiercache.hpp>

#include <string>

struct Boards : tiercache::Tier<tiercache::Unkeyed, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};
struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
  static constexpr auto also_invalidates =
      tiercache::cascade(tiercache::keys<Boards>([](int id, const std::string*) { return id; }));
};

void use(tiercache::TieredCache<Boards, Cards>& cache) {
  cache.invalidate<Cards>(7);
}
