#include "catch.hpp"
#include "configs.hpp"
#include "manual_fetch.hpp"
#include "running.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <map>
#include <optional>
#include <utility>
#include <vector>

using namespace support;

namespace {

using namespace std::chrono_literals;
using Answers = std::map<int, int>;

struct Cards : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .capacity = 1};
  using eviction = tiercache::OldestFirst;
};
template <class Config>
using Cache = tiercache::BasicTieredCache<Config, Cards>;

/// Asks for key 1, among many.
template <class AnyCache, class F>
Running<int> ask_many(AnyCache& cache, F fetch) {
  const std::vector<int> keys{1};
  const auto found = co_await cache.template get_or_fetch_many<Cards>(keys, fetch);
  co_return found.at(0).value();
}
template <class AnyCache, class F>
Running<int> ask_one(AnyCache& cache, F& fetch) {
  co_return co_await cache.template get_or_fetch<Cards>(1, fetch);
}
template <class AnyCache>
void leave_at_next_removal(AnyCache& cache, Running<int>& caller) {
  cache.template on_removal<Cards>([&caller](int, int, tiercache::RemovalCause) { caller.leave(); });
}

struct CopyFailed {};
struct Fragile {
  explicit Fragile(int its_number) : number(its_number) {}
  Fragile(const Fragile& other) : number(other.number) {
    if (number < 0) throw CopyFailed();
  }
  Fragile& operator=(const Fragile&) = default;
  ~Fragile() = default;
  int number;
};
struct Boards : tiercache::Tier<int, Fragile> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .stale_for = 1h, .stale_if_error = 1h, .retry_after = 1h};
};

}  // namespace

// Its coroutine was destroyed while it went on.
TEMPLATE_TEST_CASE("P5: a listener destroys who runs the bulk fetch that brings a value nobody asked for", "", Shared,
                   Local) {
  tiercache::ManualClock::reset();
  Cache<TestType> cache;
  cache.template put<Cards>(100, 100);
  ManualFetch<Answers> event;
  const auto fetch = [&event](const std::vector<int>&) { return event(); };
  const auto other_fetch = [] { return 7; };
  auto caller = ask_many(cache, fetch);
  const auto other = ask_one(cache, other_fetch);
  leave_at_next_removal(cache, caller);
  event.complete(Answers{{1, 1}, {50, 50}});
  CHECK_FALSE(caller.has_begun());
  CHECK(other.get() == 1);
  CHECK(cache.template stats<Cards>().in_flight == 0);
}

// The range, which was its caller's, was destroyed while it was gone through.
TEMPLATE_TEST_CASE("P5: a listener destroys whose range of answers brings a value nobody asked for", "", Shared,
                   Local) {
  tiercache::ManualClock::reset();
  Cache<TestType> cache;
  cache.template put<Cards>(100, 100);
  ManualFetch<int> event;
  const auto other_fetch = [] { return 7; };
  auto first = ask_one(cache, event);
  auto caller = ask_many(
      cache, [held = Answers{{1, 1}, {50, 50}, {51, 51}}](const std::vector<int>&) -> const Answers& { return held; });
  const auto other = ask_one(cache, other_fetch);
  leave_at_next_removal(cache, caller);
  first.leave();  // so that the fetch is that of the second one, who waited
  CHECK_FALSE(caller.has_begun());
  CHECK(other.get() == 1);
  CHECK(cache.template stats<Cards>().in_flight == 0);
}

// It counted as a failed fetch of that key, which was not fetched again for `retry_after`.
TEMPLATE_TEST_CASE("a value nobody asked for that cannot be copied is nobody's failure", "", Shared, Local) {
  tiercache::ManualClock::reset();
  tiercache::BasicTieredCache<TestType, Boards> cache;
  cache.template put<Boards>(9, Fragile(9));
  tiercache::ManualClock::advance(2min);
  const Fragile good(1);
  const Fragile bad(-1);
  const auto fetch = [&](const std::vector<int>&) {
    std::vector<std::pair<int, const Fragile&>> pairs;
    pairs.emplace_back(1, good);
    pairs.emplace_back(9, bad);
    return pairs;
  };
  CHECK(cache.template get_or_fetch_many<Boards>(std::vector<int>{1}, fetch).get().at(0)->number == 1);
  CHECK(cache.template stats<Boards>().fetch_failures == 0);
  int fetches = 0;
  const auto fetch_one = [&fetches] { return Fragile(++fetches); };
  static_cast<void>(cache.template get_or_fetch<Boards>(9, fetch_one).get());
  CHECK(fetches == 1);
}

// The cache's part of it went back to a tier that was gone.
TEMPLATE_TEST_CASE("P12: values nobody asked for are dropped with a cache that is destroyed in mid-fetch", "", Shared,
                   Local) {
  std::optional<Cache<TestType>> cache(std::in_place);
  ManualFetch<Answers> event;
  const auto fetch = [&event](const std::vector<int>&) { return event(); };
  auto caller = ask_many(*cache, fetch);
  cache.reset();
  SECTION("and the fetch ends") {
    event.complete(Answers{{1, 1}, {50, 50}});
    CHECK(caller.get() == 1);
  }
  SECTION("and the caller leaves") {
    caller.leave();
  }
}
