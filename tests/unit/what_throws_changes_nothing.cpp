// Every operation that runs code of the user's, with each call of that code throwing in turn: the first one, the
// second one, and so on until the operation gets through. After each failure all is as it was before.
#include "catch.hpp"
#include "manual_time.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <stdexcept>
#include <vector>

namespace {

using namespace std::chrono_literals;
using support::ManualCache;
using tiercache::CacheEntry;
using tiercache::ManualClock;

struct Thrown {};

struct Numbers : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};

// Calls of the user's code until one throws; none does below zero.
int calls_left = -1;
bool moves_throw = true;

void may_throw() {
  if (calls_left == 0) {
    calls_left = -1;
    throw Thrown();
  }
  if (calls_left > 0) --calls_left;
}

struct Fragile {
  explicit Fragile(int its_number) : number(its_number) {}
  Fragile(const Fragile& other) : number(other.number) { may_throw(); }
  Fragile(Fragile&& other) noexcept(false) : number(other.number) {
    if (moves_throw) may_throw();
  }
  Fragile& operator=(const Fragile&) = delete;
  int number;
  friend bool operator==(const Fragile& left, const Fragile& right) {
    may_throw();
    return left.number == right.number;
  }
};

struct FragileHash {
  std::size_t operator()(const Fragile& key) const {
    may_throw();
    return static_cast<std::size_t>(key.number % 2);  // some collide, so that comparisons matter
  }
};

struct Cards : tiercache::Tier<Fragile, Fragile> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .not_found_ttl = 1min, .capacity = 4, .max_weight = 100};
  using hash = FragileHash;
  using eviction = tiercache::Lru;
  static std::size_t weigh(const Fragile&, const Fragile& value) {
    may_throw();
    return static_cast<std::size_t>(value.number);
  }
};
using Cache = ManualCache<Cards>;

// What can be seen of a cache without changing it.
struct Picture {
  tiercache::TierStats stats;
  std::vector<std::optional<CacheEntry<int>>> entries;
};

Picture picture_of(const Cache& cache) {
  Picture picture;
  picture.stats = cache.stats<Cards>();
  for (int key = 0; key < 8; ++key) {
    const auto entry = cache.peek<Cards>(Fragile(key));
    picture.entries.emplace_back();
    if (entry) picture.entries.back().emplace(CacheEntry<int>{entry->value.number, entry->stored_at, entry->ttl});
  }
  return picture;
}

void expect_equal(const Picture& left, const Picture& right) {
  CHECK(left.stats == right.stats);
  for (std::size_t i = 0; i < left.entries.size(); ++i) {
    const auto& a = left.entries[i];
    const auto& b = right.entries[i];
    REQUIRE(a.has_value() == b.has_value());
    if (a) CHECK((a->value == b->value && a->stored_at == b->stored_at && a->ttl == b->ttl));
  }
}

// A full tier: fresh entries, a dead one, and a key that is known not to exist.
void fill(Cache& cache) {
  calls_left = -1;
  ManualClock::reset();
  for (int key = 0; key < 3; ++key) cache.put<Cards>(Fragile(key), Fragile(10 + key));
  static_cast<void>(cache.get_or_fetch<Cards>(Fragile(3), [] { return std::optional<Fragile>(); }).get());
  cache.put<Cards>(Fragile(1), Fragile(11), 1s);
  ManualClock::advance(1s);
}

// Returns how often it failed.
int expect_all_or_nothing(const std::function<void(Cache&)>& operation) {
  for (int failures = 0;; ++failures) {
    CAPTURE(failures);
    Cache cache;
    fill(cache);
    int removals = 0;
    cache.on_removal<Cards>([&removals](const Fragile&, const Fragile&, tiercache::RemovalCause) { ++removals; });
    const Picture before = picture_of(cache);
    bool has_failed = false;
    calls_left = failures;
    try {
      operation(cache);
    } catch (const Thrown&) {
      has_failed = true;
    }
    const bool is_through = calls_left >= 0;
    calls_left = -1;
    if (is_through) {
      CHECK_FALSE(has_failed);
      return failures;
    }
    REQUIRE(has_failed);
    CHECK(removals == 0);
    expect_equal(picture_of(cache), before);
    // And the tier works on: the operation succeeds when it is tried again.
    REQUIRE_NOTHROW(operation(cache));
    CHECK(cache.stats<Cards>().entries <= 4);
  }
}

}  // namespace

TEST_CASE("A get that fails has changed nothing") {
  CHECK(expect_all_or_nothing([](Cache& cache) { static_cast<void>(cache.get<Cards>(Fragile(2))); }) > 2);
  CHECK(expect_all_or_nothing([](Cache& cache) { static_cast<void>(cache.get<Cards>(Fragile(1))); }) > 1);
  CHECK(expect_all_or_nothing([](Cache& cache) { static_cast<void>(cache.get<Cards>(Fragile(6))); }) > 1);
}

TEST_CASE("A peek that fails has changed nothing") {
  CHECK(expect_all_or_nothing([](Cache& cache) { static_cast<void>(cache.peek<Cards>(Fragile(0))); }) > 2);
}

TEST_CASE("A visit that fails has changed nothing") {
  CHECK(expect_all_or_nothing(
            [](Cache& cache) { cache.visit<Cards>(Fragile(0), [](const Fragile&) { may_throw(); }); }) > 2);
}

TEST_CASE("A put that fails has changed nothing") {
  SECTION("of a new key") {
    CHECK(expect_all_or_nothing([](Cache& cache) { cache.put<Cards>(Fragile(5), Fragile(50)); }) > 4);
  }
  SECTION("of a key that is held") {
    CHECK(expect_all_or_nothing([](Cache& cache) { cache.put<Cards>(Fragile(0), Fragile(50)); }) > 4);
  }
  SECTION("of a key whose entry is dead") {
    CHECK(expect_all_or_nothing([](Cache& cache) { cache.put<Cards>(Fragile(1), Fragile(50), 5s); }) > 4);
  }
  SECTION("of an entry that is copied") {
    const CacheEntry<Fragile> entry{.value = Fragile(50), .ttl = 5s};
    const Fragile key(0);
    CHECK(expect_all_or_nothing([&](Cache& cache) { cache.put<Cards>(key, entry); }) > 4);
  }
  SECTION("of a value that is too heavy") {
    CHECK(expect_all_or_nothing([](Cache& cache) { cache.put<Cards>(Fragile(0), Fragile(101)); }) > 4);
  }
}

TEST_CASE("An invalidation that fails has changed nothing") {
  SECTION("by key") {
    CHECK(expect_all_or_nothing([](Cache& cache) { cache.invalidate<Cards>(Fragile(0)); }) > 1);
  }
  SECTION("by a predicate") {
    CHECK(expect_all_or_nothing([](Cache& cache) {
            cache.invalidate_if<Cards>([](const Fragile& key, const Fragile&) {
              may_throw();
              return key.number != 2;
            });
          }) == 3);
  }
}

TEST_CASE("A get_or_fetch that fails on a hit has changed nothing") {
  const Fragile key(2);
  const auto fetch = [] { return Fragile(50); };
  // The copy is made before the hit is counted; it is moved to the caller after that.
  moves_throw = false;
  CHECK(expect_all_or_nothing([&](Cache& cache) { static_cast<void>(cache.get_or_fetch<Cards>(key, fetch).get()); }) >
        2);
  moves_throw = true;
}

TEST_CASE("A put or an invalidation that fails overtakes no fetch") {
  const std::function<void(Cache&)> operations[] = {
      [](Cache& cache) { cache.put<Cards>(Fragile(5), Fragile(60)); },
      [](Cache& cache) { cache.invalidate<Cards>(Fragile(5)); },
      [](Cache& cache) {
        cache.invalidate_if<Cards>([](const Fragile&, const Fragile&) {
          may_throw();
          return true;
        });
      },
  };
  for (const auto& operation : operations) {
    int failures = 0;
    for (bool has_failed = true; has_failed; failures += has_failed ? 1 : 0) {
      Cache cache;
      fill(cache);
      const auto fetch = [&] {
        has_failed = false;
        calls_left = failures;
        try {
          operation(cache);
        } catch (const Thrown&) {
          has_failed = true;
        }
        calls_left = -1;
        return Fragile(50);
      };
      CHECK(cache.get_or_fetch<Cards>(Fragile(5), fetch).get().number == 50);
      CHECK(cache.stats<Cards>().superseded == (has_failed ? 0 : 1));
      const auto entry = cache.peek<Cards>(Fragile(5));
      CHECK((entry && entry->value.number == 50) == has_failed);
    }
    CHECK(failures > 1);
  }
}

TEST_CASE("What runs no code of the user's does not fail") {
  const auto runs_none = [](const std::function<void(Cache&)>& operation) {
    CHECK(expect_all_or_nothing(operation) == 0);
  };
  runs_none([](Cache& cache) { cache.trim<Cards>(1); });
  runs_none([](Cache& cache) { cache.purge_expired(); });
  runs_none([](Cache& cache) { cache.invalidate<Cards>(); });
  runs_none([](Cache& cache) { cache.clear(); });
  runs_none([](Cache& cache) { cache.set_policy<Cards>({.ttl = 1s, .capacity = 1}); });
  runs_none([](Cache& cache) { static_cast<void>(cache.stats()); });
}

TEST_CASE("A fetched value that cannot be stored is handed out all the same, and counted") {
  // Wherever the user's code throws on the way into the tier, the caller gets the value or the exception of their own
  // copy, the key is free afterwards, and nothing is half stored.
  for (int calls = 0;; ++calls) {
    CAPTURE(calls);
    Cache cache;
    fill(cache);
    const Fragile key(5);
    bool has_failed = false;
    bool has_value = false;
    calls_left = calls;
    try {
      has_value = cache.get_or_fetch<Cards>(key, [] { return Fragile(50); }).get().number == 50;
    } catch (const Thrown&) {
      has_failed = true;
    }
    const bool is_through = calls_left >= 0;
    calls_left = -1;

    const auto stats = cache.stats<Cards>();
    CHECK(has_value != has_failed);
    CHECK(stats.in_flight == 0);
    CHECK(stats.store_failures + stats.fetch_failures <= 1);
    CHECK(stats.entries <= 4);
    CHECK(stats.inserts - stats.evictions - stats.expirations - stats.invalidations == stats.entries);
    CHECK(stats.misses == stats.fetches_led + stats.fetches_joined + stats.lookups_without_fetch);
    CHECK(cache.peek<Cards>(key).has_value() ==
          (stats.fetches_led == 2 && stats.store_failures == 0 && stats.fetch_failures == 0));
    CHECK(cache.get_or_fetch<Cards>(key, [] { return Fragile(50); }).get().number == 50);
    CHECK(cache.peek<Cards>(key)->value.number == 50);
    if (is_through) {
      CHECK_FALSE(has_failed);
      break;
    }
  }
}

TEST_CASE("A predicate that throws half-way leaves no trace in what is dropped later") {
  tiercache::ManualClock::reset();
  support::ManualCache<Numbers> cache;
  for (int key = 1; key <= 3; ++key) cache.put<Numbers>(key, key);
  int seen = 0;
  const auto throws_late = [&seen](int, int) -> bool {
    if (++seen == 3) throw std::runtime_error("half-way");
    return true;
  };
  CHECK_THROWS_AS(cache.invalidate_if<Numbers>(throws_late), std::runtime_error);
  CHECK(cache.size<Numbers>() == 3);
  CHECK(cache.invalidate<Numbers>(2) == 1);
  CHECK(cache.get<Numbers>(1) == 1);
  CHECK(cache.get<Numbers>(3) == 3);
  CHECK(cache.invalidate<Numbers>() == 2);
}
