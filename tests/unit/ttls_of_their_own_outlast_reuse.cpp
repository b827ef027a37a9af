#include "catch.hpp"
#include "manual_time.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <random>

namespace {

using namespace std::chrono_literals;
using support::ManualCache;
using tiercache::ManualClock;
using tiercache::TimePoint;

struct Numbers : tiercache::Tier<std::uint64_t, std::uint64_t> {
  static constexpr tiercache::TierPolicy policy{.ttl = 10s};
};
struct FewNumbers : Numbers {
  static constexpr tiercache::TierPolicy policy{.ttl = 10s, .capacity = 300};
};

template <class T>
void check(ManualCache<T>& cache, const std::map<std::uint64_t, TimePoint>& deadlines) {
  for (const auto& [key, deadline] : deadlines) {
    const auto entry = cache.template peek<T>(key);
    if (!entry) continue;  // evicted, or dropped after its deadline
    REQUIRE(entry->expires_at() == deadline);
    REQUIRE(cache.template get<T>(key).has_value() == (ManualClock::now() < deadline));
  }
}

// Entries with and without TTLs of their own come and go, in each other's places.
template <class T>
void store_and_check() {
  ManualClock::reset();
  ManualCache<T> cache;
  std::mt19937_64 random(1);
  std::map<std::uint64_t, TimePoint> deadlines;
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 500; ++i) {
      const std::uint64_t key = random() % 1000;
      const auto ttl = std::chrono::seconds(1 + random() % 30);
      if (random() % 2 == 0) {
        cache.template put<T>(key, key);
        deadlines[key] = ManualClock::now() + 10s;
      } else {
        cache.template put<T>(key, key, ttl);
        deadlines[key] = ManualClock::now() + ttl;
      }
    }
    check(cache, deadlines);
    ManualClock::advance(3s);
    check(cache, deadlines);
    cache.template invalidate_if<T>([](std::uint64_t key, std::uint64_t) { return key % 7 == 0; });
  }
}

}  // namespace

TEST_CASE("Each entry lives for its own TTL or the tier's, whoever had its place before") {
  store_and_check<Numbers>();
  store_and_check<FewNumbers>();
}

TEST_CASE("A new TTL of the tier holds for the entries without one of their own, and for those alone") {
  ManualClock::reset();
  ManualCache<Numbers> cache;
  for (std::uint64_t key = 0; key < 1000; ++key) {
    if (key % 2 == 0) {
      cache.put<Numbers>(key, key);
    } else {
      cache.put<Numbers>(key, key, 20s);
    }
  }
  cache.set_policy<Numbers>({.ttl = 5s});
  ManualClock::advance(5s);
  for (std::uint64_t key = 0; key < 1000; ++key) CHECK(cache.get<Numbers>(key).has_value() == (key % 2 == 1));
}

TEST_CASE("An entry of numbers takes at most 24 bytes beside its key and its value") {
  CHECK(sizeof(tiercache::detail::Entry<Numbers>) <= 2 * sizeof(std::uint64_t) + 24);
}
