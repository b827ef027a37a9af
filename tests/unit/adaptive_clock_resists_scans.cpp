#include "catch.hpp"
#include "manual_time.hpp"

#include <cstdint>
#include <random>
#include <string>

namespace {

using support::ManualCache;
using tiercache::forever;

struct Pages : tiercache::Tier<std::uint64_t, std::uint64_t> {
  static constexpr tiercache::TierPolicy policy{.ttl = forever, .capacity = 1000};
};
struct LruPages : Pages {
  using eviction = tiercache::Lru;
};
struct HeavyPages : Pages {
  static constexpr tiercache::TierPolicy policy{.ttl = forever, .max_weight = 10'000};
  static std::size_t weigh(std::uint64_t key, std::uint64_t) { return 5 + key % 11; }
};

template <class T>
void ask(ManualCache<T>& cache, std::uint64_t key) {
  static_cast<void>(cache.template get_or_fetch<T>(key, [](std::uint64_t asked) { return asked; }).get());
}

// Asks for 500 keys again and again, and between two rounds for as many others, once each, as the tier holds.
template <class T>
double hit_rate_among_scans() {
  ManualCache<T> cache;
  std::uint64_t once = 1'000'000;
  for (int round = 0; round < 50; ++round) {
    for (std::uint64_t key = 0; key < 500; ++key) ask(cache, key);
    for (int i = 0; i < 1000; ++i) ask(cache, once++);
  }
  return cache.template stats<T>().hit_rate();
}

// Each key is asked for four times in a row, or nearly, and never again.
template <class T>
double hit_rate_of_bursts() {
  ManualCache<T> cache;
  std::mt19937 random(1);
  for (std::uint64_t time = 0; time < 100'000; ++time) ask(cache, (time + random() % 64) / 16);
  return cache.template stats<T>().hit_rate();
}

}  // namespace

TEST_CASE("Keys that are asked for again survive a scan of others, as they do not with Lru") {
  CHECK(hit_rate_among_scans<LruPages>() == 0.0);
  CHECK(hit_rate_among_scans<Pages>() > 0.25);  // a third is all that there is
}

TEST_CASE("What was asked for lately is held, too") {
  CHECK(hit_rate_of_bursts<Pages>() > hit_rate_of_bursts<LruPages>() - 0.01);
}

TEST_CASE("A tier that is bounded by weight alone keeps what is asked for again") {
  ManualCache<HeavyPages> cache;
  std::uint64_t once = 1'000'000;
  std::uint64_t hits = 0;
  for (int round = 0; round < 50; ++round) {
    const std::uint64_t before = cache.stats<HeavyPages>().hits;
    for (std::uint64_t key = 0; key < 400; ++key) ask(cache, key);
    hits = cache.stats<HeavyPages>().hits - before;
    for (int i = 0; i < 1000; ++i) {
      ask(cache, once++);
      REQUIRE(cache.peek<HeavyPages>(once - 1));
      REQUIRE(cache.stats<HeavyPages>().weight <= 10'000);
    }
  }
  CHECK(hits > 300);
}

TEST_CASE("What was stored last is there, however often the others were read") {
  const std::size_t capacity = GENERATE(1U, 2U, 3U, 5U, 20U, 100U);
  ManualCache<Pages> cache{tiercache::with<Pages>({.ttl = forever, .capacity = capacity})};
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    // Some keys much more often than others.
    const std::uint64_t key = random() % (1 + random() % (4 * capacity));
    ask(cache, key);
    REQUIRE(cache.peek<Pages>(key));
    if (i % 5 == 0) {
      cache.put<Pages>(key + 1, key);
      REQUIRE(cache.peek<Pages>(key + 1));
    }
  }
}

TEST_CASE("What was stored last is there, however many others have to go for it") {
  const auto policy = GENERATE(tiercache::TierPolicy{.ttl = forever, .capacity = 20, .trim_to = 5},
                               tiercache::TierPolicy{.ttl = forever, .max_weight = 45},
                               tiercache::TierPolicy{.ttl = forever, .capacity = 9, .trim_to = 2, .max_weight = 60});
  ManualCache<HeavyPages> cache{tiercache::with<HeavyPages>(policy)};
  std::mt19937 random(1);
  int lost = 0;
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t key = random() % (1 + random() % 60);
    if (random() % 2 == 0) {
      static_cast<void>(cache.get<HeavyPages>(key));
    } else {
      cache.put<HeavyPages>(key, key);
      lost += cache.peek<HeavyPages>(key) ? 0 : 1;
    }
  }
  CHECK(lost == 0);
}

TEST_CASE("The policy follows the capacity, up and down") {
  ManualCache<Pages> cache;
  std::mt19937 random(1);
  for (const std::size_t capacity : {10U, 3000U, 1U, 100U, 0U, 50U}) {
    cache.set_policy<Pages>({.ttl = forever, .capacity = capacity});
    CHECK(cache.size<Pages>() <= capacity);
    for (int i = 0; i < 5000; ++i) {
      ask(cache, random() % 4000);
      REQUIRE(cache.size<Pages>() <= capacity);
    }
    CHECK(cache.size<Pages>() == (capacity < 2500 ? capacity : cache.size<Pages>()));
  }
}

TEST_CASE("Every removal leaves the policy whole") {
  ManualCache<Pages> cache{tiercache::with<Pages>({.ttl = std::chrono::seconds(60), .capacity = 40})};
  tiercache::ManualClock::reset();
  std::mt19937 random(1);
  for (int step = 0; step < 50'000; ++step) {
    const std::uint64_t key = random() % 100;
    switch (random() % 16) {
      case 0:
        cache.invalidate<Pages>(key);
        break;
      case 1:
        cache.put<Pages>(key, key);
        break;
      case 2:
        tiercache::ManualClock::advance(std::chrono::seconds(random() % 20));
        break;
      case 3:
        if (random() % 16 == 0) cache.trim<Pages>(random() % 40);
        break;
      case 4:
        if (random() % 64 == 0) cache.invalidate<Pages>();
        break;
      default:
        ask(cache, key);
    }
    REQUIRE(cache.size<Pages>() <= 40);
  }
  const auto stats = cache.stats<Pages>();
  CHECK(stats.inserts - stats.evictions - stats.expirations - stats.invalidations == stats.entries);
  CHECK(cache.trim<Pages>(0) == stats.entries);
}
