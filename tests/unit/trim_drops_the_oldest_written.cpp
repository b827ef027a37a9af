#include "catch.hpp"
#include "manual_time.hpp"

#include <chrono>
#include <vector>

namespace {

using namespace std::chrono_literals;
using support::ManualCache;
using tiercache::ManualClock;
using tiercache::RemovalCause;

template <class Order>
struct Cards : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
  using eviction = Order;
};

}  // namespace

TEMPLATE_TEST_CASE("trim drops the entries written longest ago, whatever the eviction policy", "",
                   tiercache::OldestFirst, tiercache::Lru) {
  using T = Cards<TestType>;
  ManualClock::reset();
  ManualCache<T> cache;
  for (int key = 1; key <= 6; ++key) cache.template put<T>(key, key);
  CHECK(cache.template get<T>(1));
  cache.template put<T>(2, 20);
  std::vector<int> dropped;
  cache.template on_removal<T>([&dropped](int key, int, RemovalCause cause) {
    CHECK(cause == RemovalCause::Trimmed);
    dropped.push_back(key);
  });

  CHECK(cache.template trim<T>(10) == 0);
  CHECK(cache.template trim<T>(6) == 0);
  CHECK(cache.template trim<T>(4) == 2);
  CHECK(dropped == std::vector{1, 3});
  CHECK(cache.template size<T>() == 4);
  CHECK(cache.template trim<T>(1) == 3);
  CHECK(dropped == std::vector{1, 3, 4, 5, 6});
  CHECK(cache.template get<T>(2) == 20);
  CHECK(cache.template trim<T>(0) == 1);
  CHECK(cache.template trim<T>(0) == 0);
  CHECK(cache.template stats<T>().evictions == 6);
}

TEST_CASE("trim keeps those written last, however many writes there were") {
  using T = Cards<tiercache::OldestFirst>;
  ManualClock::reset();
  ManualCache<T> cache;
  constexpr int most = 70'000;  // ages of three bytes
  for (int key = 0; key < most; ++key) cache.put<T>(key, key);
  for (const int count : {69'999, 66'000, 65'000, 40'000, 300, 256, 255, 10, 0}) {
    cache.trim<T>(static_cast<std::size_t>(count));
    CAPTURE(count);
    REQUIRE(cache.size<T>() == static_cast<std::size_t>(count));
    if (count == 0) continue;
    CHECK(cache.peek<T>(most - count));
    CHECK_FALSE(cache.peek<T>(most - count - 1));
  }
}
