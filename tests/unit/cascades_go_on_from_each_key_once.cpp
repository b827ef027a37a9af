// However many ways lead to a key, and in whatever order, it is invalidated and gone on from once, after all that leads
// there.
#include "catch.hpp"
#include "configs.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

using namespace support;

namespace {

constexpr tiercache::TierPolicy for_a_minute{.ttl = std::chrono::minutes(1)};

/// What the functions of the cascades were called with, those of no entry with a 0.
std::vector<std::pair<std::string, int>> calls;
int called(const std::string& key, const int* cached) {
  calls.emplace_back(key, cached != nullptr ? *cached : 0);
  return 0;
}

template <int n>
struct Layer : tiercache::Tier<std::string, int> {
  static constexpr tiercache::TierPolicy policy = for_a_minute;
  static constexpr auto also_invalidates =
      tiercache::cascade(tiercache::keys<Layer<n - 1>>([](const std::string& key, const int* cached) {
        called(key, cached);
        return std::vector<std::string>{"a", "b", "a"};
      }));
};
template <>
struct Layer<0> : tiercache::Tier<std::string, int> {
  static constexpr tiercache::TierPolicy policy = for_a_minute;
};
using Layers = tiercache::BasicTieredCache<Shared, Layer<0>, Layer<1>, Layer<2>, Layer<3>, Layer<4>, Layer<5>>;

template <class Cache, class T>
void put_two(Cache& cache) {
  cache.template put<T>("a", 1);
  cache.template put<T>("b", 1);
}

// Notes lead to Folders over Tags and at once, and only Folders go on.
struct Summaries : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy = for_a_minute;
};
struct Folders : tiercache::Tier<std::string, int> {
  static constexpr tiercache::TierPolicy policy = for_a_minute;
  static constexpr auto also_invalidates = tiercache::cascade(tiercache::keys<Summaries>(called));
};
struct Tags : tiercache::Tier<std::string, int> {
  static constexpr tiercache::TierPolicy policy = for_a_minute;
  static inline std::size_t (*count_tags)() = nullptr;
  static inline std::vector<std::size_t> counted;
  static constexpr auto also_invalidates =
      tiercache::cascade(tiercache::keys<Folders>([](const std::string&, const int*) {
                           counted.push_back(count_tags());
                           return "home";
                         }),
                         tiercache::whole<Summaries>, tiercache::whole<Summaries>());
};
struct Notes : tiercache::Tier<std::string, int> {
  static constexpr tiercache::TierPolicy policy = for_a_minute;
  static std::string home(const std::string&, const int*) { return "home"; }
  static std::string work(const std::string&, const int*) { return "work"; }
  static constexpr auto also_invalidates = tiercache::cascade(
      tiercache::keys<Folders>(&home), tiercache::keys<Folders>(&work),
      tiercache::keys<Tags>([](const std::string&, const int*) { return std::vector<std::string>{"red", "green"}; }));
};
using Cache = tiercache::BasicTieredCache<Shared, Summaries, Folders, Tags, Notes>;
Cache* cache_of_tags = nullptr;

struct Sources : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy = for_a_minute;
  static constexpr auto also_invalidates = tiercache::cascade(tiercache::keys<Folders>([](int, const int*) {
    std::vector<std::string> names;
    for (int i = 0; i < 2'000; ++i) names.push_back(std::to_string(i % 1'000));
    return names;
  }));
};

}  // namespace

TEST_CASE("the work of a cascade does not grow with the ways that lead to a key") {
  Layers cache;
  calls.clear();
  put_two<Layers, Layer<0>>(cache);
  put_two<Layers, Layer<1>>(cache);
  put_two<Layers, Layer<2>>(cache);
  put_two<Layers, Layer<3>>(cache);
  put_two<Layers, Layer<4>>(cache);
  put_two<Layers, Layer<5>>(cache);
  SECTION("where all is held") {
    CHECK(cache.invalidate<Layer<5>>("a") == 1 + 5 * 2);
    REQUIRE(calls.size() == 1 + 4 * 2);
    for (const auto& [key, cached] : calls) CHECK(cached == 1);
  }
  SECTION("where nothing is held any more") {
    cache.clear();
    CHECK(cache.invalidate<Layer<5>>("a") == 0);
    REQUIRE(calls.size() == 1 + 4 * 2);
    for (const auto& [key, cached] : calls) CHECK(cached == 0);
  }
  SECTION("from a whole tier") {
    CHECK(cache.invalidate<Layer<5>>() == 6 * 2);
    CHECK(calls.size() == 5 * 2);
  }
}

TEST_CASE("a key that a cascade names in many tiers and twice at once is gone on from once, with its value") {
  Cache cache;
  cache_of_tags = &cache;
  Tags::count_tags = [] { return cache_of_tags->size<Tags>(); };
  Tags::counted.clear();
  calls.clear();
  cache.put<Notes>("a note", 1);
  cache.put<Tags>("red", 2);
  cache.put<Tags>("green", 3);
  cache.put<Folders>("home", 4);
  cache.put<Summaries>(0, 5);
  cache.put<Summaries>(1, 5);
  CHECK(cache.invalidate<Notes>("a note") == 1 + 2 + 1 + 2);
  CHECK(calls == std::vector<std::pair<std::string, int>>{{"home", 4}, {"work", 0}});
  CHECK(cache.stats<Summaries>().invalidations == 2);
  // All tags were gone before any was gone on from: what is fetched of them meanwhile cannot be older.
  CHECK(Tags::counted == std::vector<std::size_t>{0, 0});
}

TEST_CASE("a cascade tells a great many keys apart") {
  tiercache::BasicTieredCache<Local, Sources, Folders, Summaries> cache;
  for (int i = 0; i < 1'000; i += 2) cache.put<Folders>(std::to_string(i), 7);
  calls.clear();
  CHECK(cache.invalidate<Sources>(1) == 500);
  CHECK(calls.size() == 1'000);
  std::size_t held = 0;
  for (const auto& [key, cached] : calls) held += cached == 7 ? 1 : 0;
  CHECK(held == 500);
}

namespace {

struct OneForAll {
  std::size_t operator()(int) const { return 7; }
};
struct Leaves : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};
struct Twigs : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
  using hash = OneForAll;
  static constexpr auto also_invalidates =
      tiercache::cascade(tiercache::keys<Leaves>([](int twig, const int*) { return twig; }));
};
struct Trees : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
  static constexpr auto also_invalidates =
      tiercache::cascade(tiercache::keys<Twigs>([](int, const int*) { return std::vector<int>{1, 2, 3, 2, 1}; }));
};

}  // namespace

TEST_CASE("a cascade tells keys apart whose hashes are the same") {
  tiercache::BasicTieredCache<Local, Trees, Twigs, Leaves> cache;
  for (const int key : {1, 2, 3, 4}) cache.put<Leaves>(key, key);
  CHECK(cache.invalidate<Trees>(0) == 3);
  CHECK(cache.get<Leaves>(4));
}
