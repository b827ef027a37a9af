// expect: tiercache: these keys can be gone through only once: put them into a std::vector first
#include <tiercache/tiercache.hpp>

#include <istream>
#include <ranges>
#include <span>
#include <vector>

struct Cards : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Cards>& cache, std::istream& in) {
  const auto fetch = [](std::span<const int> missing) { return std::vector<int>(missing.size()); };
  static_cast<void>(cache.get_or_fetch_many<Cards>(std::ranges::istream_view<int>(in), fetch).get());
}
