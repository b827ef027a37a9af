#include <coroutine>
#include <optional>
#include <stdexcept>
#include <string>

#include "ask.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "manual_fetch.hpp"

namespace {

using namespace std::chrono_literals;

struct Cards : tiercache::Tier<std::string, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
using Cache = tiercache::BasicTieredCache<support::Shared, Cards>;

// What two threads can do at once, one after the other: between await_ready and await_suspend the fetch ends that this
// one has joined.
template <class Lookup>
struct SlowJoiner {
  explicit SlowJoiner(Lookup& lookup) : awaiter(lookup.operator co_await()) {}

  void begins() { REQUIRE_FALSE(awaiter.await_ready()); }
  bool waits() { return awaiter.await_suspend(std::noop_coroutine()); }

  typename Lookup::Awaiter awaiter;
};

}  // namespace

TEST_CASE("P3: one who joins a fetch just as its leader leaves runs their own") {
  Cache cache;
  support::ManualFetch<int> slow;
  auto leader = support::ask<Cards>(cache, "a", slow);

  const auto at_once = [] { return 7; };
  auto lookup = cache.get_or_fetch<Cards>("a", at_once);
  SlowJoiner joiner(lookup);
  joiner.begins();
  leader.leave();
  static_cast<void>(joiner.waits());  // its own fetch has resumed it already
  CHECK(joiner.awaiter.await_resume() == 7);
  CHECK(cache.get<Cards>("a") == 7);
  CHECK(cache.stats<Cards>().in_flight == 0);
}

TEST_CASE("P3: one who joins a fetch just as it fails gets its exception") {
  Cache cache;
  support::ManualFetch<int> slow;
  auto leader = support::ask<Cards>(cache, "a", slow);

  const auto at_once = [] { return 7; };
  auto lookup = cache.get_or_fetch<Cards>("a", at_once);
  SlowJoiner joiner(lookup);
  joiner.begins();
  slow.fail(std::runtime_error("down"));
  CHECK_FALSE(joiner.waits());
  CHECK_THROWS_AS(joiner.awaiter.await_resume(), std::runtime_error);
}

TEST_CASE("one who joins a fetch just as it finds nothing, and cannot say so, runs their own") {
  Cache cache;
  support::ManualFetch<std::optional<int>> slow;
  auto leader = support::ask<Cards>(cache, "a", slow);

  support::ManualFetch<int> own;
  auto lookup = cache.get_or_fetch<Cards>("a", own);
  SlowJoiner joiner(lookup);
  joiner.begins();
  slow.complete(std::nullopt);
  CHECK(leader.get() == std::nullopt);
  CHECK(joiner.waits());
  own.complete(7);
  CHECK(joiner.awaiter.await_resume() == 7);
}
