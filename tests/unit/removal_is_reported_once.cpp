#include "catch.hpp"
#include "manual_time.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using support::ManualCache;
using tiercache::ManualClock;
using tiercache::RemovalCause;

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .capacity = 2, .max_weight = 10};
  using eviction = tiercache::OldestFirst;
  static std::size_t weigh(int, const std::string& value) { return value.size(); }
};
using Cache = ManualCache<Cards>;

struct Removal {
  int key;
  std::string value;
  RemovalCause cause;
  friend bool operator==(const Removal&, const Removal&) = default;
};
using Removals = std::vector<Removal>;

void listen(Cache& cache, Removals& removals) {
  cache.on_removal<Cards>(
      [&removals](int key, const std::string& value, RemovalCause cause) { removals.push_back({key, value, cause}); });
}

}  // namespace

TEST_CASE("The listener is told key, value and cause of what left") {
  ManualClock::reset();
  Cache cache;
  Removals removals;
  listen(cache, removals);
  cache.put<Cards>(1, "one");
  REQUIRE(removals.empty());

  SECTION("Replaced, by put") {
    cache.put<Cards>(1, "new");
    CHECK(removals == Removals{{1, "one", RemovalCause::Replaced}});
  }
  SECTION("Invalidated, by key") {
    cache.invalidate<Cards>(1);
    CHECK(removals == Removals{{1, "one", RemovalCause::Invalidated}});
  }
  SECTION("Invalidated, by tier") {
    cache.invalidate<Cards>();
    CHECK(removals == Removals{{1, "one", RemovalCause::Invalidated}});
  }
  SECTION("Invalidated, by a predicate") {
    cache.invalidate_if<Cards>([](int, const std::string&) { return true; });
    CHECK(removals == Removals{{1, "one", RemovalCause::Invalidated}});
  }
  SECTION("Cleared") {
    cache.clear();
    CHECK(removals == Removals{{1, "one", RemovalCause::Cleared}});
  }
  SECTION("Trimmed") {
    cache.trim<Cards>(0);
    CHECK(removals == Removals{{1, "one", RemovalCause::Trimmed}});
  }
  SECTION("Evicted, since the tier is full") {
    cache.put<Cards>(2, "two");
    cache.put<Cards>(3, "three");
    CHECK(removals == Removals{{1, "one", RemovalCause::Evicted}});
  }
  SECTION("Evicted, since the tier is too heavy") {
    cache.put<Cards>(2, "0123456789");
    CHECK(removals == Removals{{1, "one", RemovalCause::Evicted}});
  }
  SECTION("Evicted, since what takes its place does not fit") {
    cache.put<Cards>(1, "0123456789a");
    CHECK(removals == Removals{{1, "one", RemovalCause::Evicted}});
  }
  SECTION("Evicted, by a new policy") {
    cache.set_policy<Cards>({.ttl = 1min, .capacity = 0});
    CHECK(removals == Removals{{1, "one", RemovalCause::Evicted}});
  }
  SECTION("Expired, found by purge_expired") {
    ManualClock::advance(1min);
    cache.purge_expired();
    CHECK(removals == Removals{{1, "one", RemovalCause::Expired}});
  }
  SECTION("Expired, found by a put of its key") {
    ManualClock::advance(1min);
    cache.put<Cards>(1, "new");
    CHECK(removals == Removals{{1, "one", RemovalCause::Expired}});
  }
  SECTION("Expired, found by a fetch of its key") {
    ManualClock::advance(1min);
    static_cast<void>(cache.get_or_fetch<Cards>(1, [] { return "new"; }).get());
    CHECK(removals == Removals{{1, "one", RemovalCause::Expired}});
  }
  SECTION("Expired, found by a write of another key") {
    ManualClock::advance(1min);
    cache.put<Cards>(2, "two");
    CHECK(removals == Removals{{1, "one", RemovalCause::Expired}});
  }
  SECTION("Expired, found by a new policy") {
    ManualClock::advance(1min);
    cache.set_policy<Cards>({.ttl = 1h});
    CHECK(removals == Removals{{1, "one", RemovalCause::Expired}});
  }
  SECTION("Expired, found by a fetch that finds nothing") {
    ManualClock::advance(1min);
    static_cast<void>(cache.get_or_fetch<Cards>(1, [] { return std::optional<std::string>(); }).get());
    CHECK(removals == Removals{{1, "one", RemovalCause::Expired}});
  }
  SECTION("Invalidated, though it was past its deadline") {
    ManualClock::advance(1min);
    cache.invalidate<Cards>(1);
    CHECK(removals == Removals{{1, "one", RemovalCause::Invalidated}});
  }
}

TEST_CASE("The listener is not told of what was never stored, nor of reads") {
  ManualClock::reset();
  Cache cache;
  Removals removals;
  listen(cache, removals);
  cache.put<Cards>(1, "too heavy to be stored");
  static_cast<void>(cache.get_or_fetch<Cards>(2, [] { return "too heavy to be stored"; }).get());
  const auto overtaken = [&cache] {
    cache.invalidate<Cards>(3);
    return "old";
  };
  static_cast<void>(cache.get_or_fetch<Cards>(3, overtaken).get());
  cache.put<Cards>(4, "four");
  ManualClock::advance(1min);
  CHECK_FALSE(cache.get<Cards>(4));
  CHECK(removals.empty());
}

TEST_CASE("Several that leave at once are reported in the order in which they left") {
  ManualClock::reset();
  Cache cache{tiercache::with<Cards>({.ttl = 1min, .capacity = 4, .trim_to = 1})};
  Removals removals;
  for (int key = 1; key <= 4; ++key) cache.put<Cards>(key, "x");
  listen(cache, removals);
  cache.put<Cards>(5, "y");
  CHECK(removals == Removals{{1, "x", RemovalCause::Evicted},
                             {2, "x", RemovalCause::Evicted},
                             {3, "x", RemovalCause::Evicted},
                             {4, "x", RemovalCause::Evicted}});
}

TEST_CASE("Every entry that was stored is reported just once, over any course of things") {
  ManualClock::reset();
  Cache cache;
  // Each value is stored at most once, so that its removals can be counted.
  std::map<std::string, int> reports;
  cache.on_removal<Cards>([&reports](int, const std::string& value, RemovalCause) { ++reports[value]; });
  std::mt19937 random(3);
  const auto below = [&random](unsigned bound) { return static_cast<unsigned>(random() % bound); };
  int stored = 0;
  for (int step = 0; step < 5000; ++step) {
    const int key = static_cast<int>(below(5));
    switch (below(9)) {
      case 0:
        cache.invalidate<Cards>(key);
        break;
      case 1:
        cache.invalidate_if<Cards>([key](int other, const std::string&) { return other == key; });
        break;
      case 2:
        cache.trim<Cards>(below(2));
        break;
      case 3:
        ManualClock::advance(25s);
        break;
      case 4:
        cache.set_policy<Cards>({.ttl = 1min, .capacity = 1 + below(4), .max_weight = 4 + below(12)});
        break;
      case 5:
        if (!cache.get<Cards>(key)) {
          static_cast<void>(cache.get_or_fetch<Cards>(key, [&] { return std::to_string(stored++); }).get());
        }
        break;
      default:
        cache.put<Cards>(key, std::to_string(stored++));
    }
  }
  cache.clear();
  CHECK(static_cast<int>(reports.size()) == stored);
  for (const auto& [value, count] : reports) {
    if (count != 1) FAIL("value " << value << " was reported " << count << " times");
  }
}

TEST_CASE("A listener takes the place of the one before; nullptr of any") {
  ManualClock::reset();
  Cache cache;
  Removals first;
  Removals second;
  listen(cache, first);
  listen(cache, second);
  cache.put<Cards>(1, "one");
  cache.clear();
  CHECK(first.empty());
  CHECK(second.size() == 1);
  cache.on_removal<Cards>(nullptr);
  cache.put<Cards>(1, "one");
  cache.clear();
  CHECK(second.size() == 1);
}

TEST_CASE("A listener is kept as long as it is set, may change itself, and need not be copyable") {
  ManualClock::reset();
  const auto token = std::make_shared<int>(0);
  std::vector<int> counts;
  {
    Cache cache;
    cache.on_removal<Cards>([kept = std::make_unique<std::shared_ptr<int>>(token), &counts, calls = 0](
                                int, const std::string&, RemovalCause) mutable { counts.push_back(++calls); });
    CHECK(token.use_count() == 2);
    for (int i = 0; i < 3; ++i) {
      cache.put<Cards>(1, "one");
      cache.clear();
    }
    CHECK(counts == std::vector{1, 2, 3});
    cache.on_removal<Cards>(nullptr);
    CHECK(token.use_count() == 1);
    cache.on_removal<Cards>([token](int, const std::string&, RemovalCause) {});
  }
  CHECK(token.use_count() == 1);
}

TEST_CASE("What a listener throws is ignored, and the rest is reported") {
  ManualClock::reset();
  Cache cache;
  int calls = 0;
  cache.on_removal<Cards>([&calls](int, const std::string&, RemovalCause) {
    ++calls;
    throw std::runtime_error("a listener's own trouble");
  });
  cache.put<Cards>(1, "one");
  cache.put<Cards>(2, "two");
  CHECK(cache.clear() == 2);
  CHECK(calls == 2);
  CHECK(cache.size<Cards>() == 0);
}

TEST_CASE("A listener may call the cache, and sees the operation done") {
  ManualClock::reset();
  Cache cache;
  std::vector<std::string> seen;
  cache.on_removal<Cards>([&](int key, const std::string& value, RemovalCause cause) {
    seen.push_back(value + " -> " + cache.get<Cards>(key).value_or("nothing"));
    if (cause == RemovalCause::Invalidated) cache.put<Cards>(key, "revived");
    if (cause == RemovalCause::Cleared) cache.on_removal<Cards>(nullptr);
  });
  cache.put<Cards>(1, "one");
  cache.put<Cards>(1, "two");
  cache.invalidate<Cards>(1);
  CHECK(cache.get<Cards>(1) == "revived");
  cache.clear();
  CHECK(seen == std::vector<std::string>{"one -> two", "two -> nothing", "revived -> nothing"});
}

TEST_CASE("The end of the cache is not reported") {
  ManualClock::reset();
  int calls = 0;
  {
    Cache cache;
    cache.on_removal<Cards>([&calls](int, const std::string&, RemovalCause) { ++calls; });
    cache.put<Cards>(1, "one");
  }
  CHECK(calls == 0);
}
