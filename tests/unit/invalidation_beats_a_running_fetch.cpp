#include "ask.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "manual_fetch.hpp"

#include <tiercache/tiercache.hpp>

#include <stdexcept>
#include <string>

namespace {

using namespace std::chrono_literals;
using support::ask;
using support::ManualFetch;
using support::Running;

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .not_found_ttl = 1min};
};
struct Profile : tiercache::Tier<tiercache::Unkeyed, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
template <class Config>
using Cache = tiercache::BasicTieredCache<Config, Cards, Profile>;

enum class By { key, tier, predicate, unmet_predicate, clear };

template <class AnyCache>
void invalidate(AnyCache& cache, By how) {
  switch (how) {
    case By::key:
      cache.template invalidate<Cards>("a");
      break;
    case By::tier:
      cache.template invalidate<Cards>();
      break;
    case By::predicate:
      cache.template invalidate_if<Cards>([](const std::string& key, const std::string&) { return key == "a"; });
      break;
    case By::unmet_predicate:
      // What is being fetched has no value yet to ask the predicate about: it counts as meant.
      cache.template invalidate_if<Cards>([](const std::string&, const std::string&) { return false; });
      break;
    case By::clear:
      cache.clear();
      break;
  }
}

TEMPLATE_TEST_CASE("P4: a value fetched before an invalidation is handed to who waited, and not stored", "",
                   support::Shared, support::Local) {
  tiercache::ManualClock::reset();
  Cache<TestType> cache;
  const By how = GENERATE(By::key, By::tier, By::predicate, By::unmet_predicate, By::clear);
  ManualFetch<std::string> old_fetch;
  const auto leader = ask<Cards>(cache, "a", old_fetch);
  const auto waiter = ask<Cards>(cache, "a", old_fetch);
  invalidate(cache, how);
  old_fetch.complete("old");
  CHECK(leader.get() == "old");
  CHECK(waiter.get() == "old");
  CHECK_FALSE(cache.template get<Cards>("a"));
  CHECK_FALSE(cache.template peek<Cards>("a"));
  CHECK(cache.template stats<Cards>().superseded == 1);
  CHECK(cache.template stats<Cards>().in_flight == 0);
}

TEMPLATE_TEST_CASE("P4: who asks after an invalidation gets a fetch of their own, whichever ends first", "",
                   support::Shared, support::Local) {
  tiercache::ManualClock::reset();
  Cache<TestType> cache;
  const By how = GENERATE(By::key, By::tier, By::predicate, By::unmet_predicate, By::clear);
  const bool old_first = GENERATE(true, false);
  ManualFetch<std::string> old_fetch;
  ManualFetch<std::string> new_fetch;
  const auto early = ask<Cards>(cache, "a", old_fetch);
  invalidate(cache, how);
  const auto late = ask<Cards>(cache, "a", new_fetch);
  CHECK(new_fetch.started() == 1);
  CHECK(cache.template stats<Cards>().in_flight == 2);

  if (old_first) {
    old_fetch.complete("old");
    CHECK_FALSE(late.is_done());
    const auto later = ask<Cards>(cache, "a", new_fetch);
    CHECK(new_fetch.started() == 1);
    new_fetch.complete("new");
    CHECK(later.get() == "new");
  } else {
    new_fetch.complete("new");
    CHECK_FALSE(early.is_done());
    CHECK(cache.template get<Cards>("a") == "new");
    old_fetch.complete("old");
  }
  CHECK(early.get() == "old");
  CHECK(late.get() == "new");
  CHECK(cache.template get<Cards>("a") == "new");
}

TEMPLATE_TEST_CASE("P4: an old fetch that fails or is dropped does not disturb the new one", "", support::Shared,
                   support::Local) {
  Cache<TestType> cache;
  const bool is_dropped = GENERATE(true, false);
  ManualFetch<std::string> old_fetch;
  ManualFetch<std::string> new_fetch;
  const auto early = ask<Cards>(cache, "a", old_fetch);
  cache.template invalidate<Cards>("a");
  const auto late = ask<Cards>(cache, "a", new_fetch);
  if (is_dropped) {
    old_fetch.drop();
  } else {
    old_fetch.fail(std::runtime_error("old"));
  }
  const auto later = ask<Cards>(cache, "a", new_fetch);
  CHECK(new_fetch.started() == 1);
  new_fetch.complete("new");
  CHECK_THROWS_AS(early.get(), std::exception);
  CHECK(late.get() == "new");
  CHECK(later.get() == "new");
  CHECK(cache.template get<Cards>("a") == "new");
}

TEMPLATE_TEST_CASE("P4: every one of several invalidations begins anew", "", support::Shared, support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> fetch;
  const auto first = ask<Cards>(cache, "a", fetch);
  cache.template invalidate<Cards>("a");
  const auto second = ask<Cards>(cache, "a", fetch);
  cache.template invalidate<Cards>("a");
  cache.template invalidate<Cards>("a");
  const auto third = ask<Cards>(cache, "a", fetch);
  CHECK(fetch.started() == 3);
  fetch.complete("1");
  fetch.complete("2");
  CHECK_FALSE(cache.template get<Cards>("a"));
  fetch.complete("3");
  CHECK(first.get() == "1");
  CHECK(second.get() == "2");
  CHECK(third.get() == "3");
  CHECK(cache.template get<Cards>("a") == "3");
}

TEMPLATE_TEST_CASE("P4: an invalidation of one key leaves the fetches of others alone", "", support::Shared,
                   support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> fetch;
  ManualFetch<std::string> profile;
  const auto load_profile = [](Cache<TestType>& from, ManualFetch<std::string>& by) -> Running<std::string> {
    co_return co_await from.template get_or_fetch<Profile>(by);
  };
  const auto other_tier = load_profile(cache, profile);
  const auto other_key = ask<Cards>(cache, "b", fetch);
  cache.template invalidate<Cards>("a");
  fetch.complete("b");
  cache.template invalidate<Cards>();
  profile.complete("profile");
  CHECK(cache.template get<Profile>() == "profile");
  CHECK_FALSE(cache.template get<Cards>("b"));
  CHECK(cache.template stats<Cards>().superseded == 0);
}

TEMPLATE_TEST_CASE("P4: a put is not overwritten by a fetch that began before it", "", support::Shared,
                   support::Local) {
  tiercache::ManualClock::reset();
  Cache<TestType> cache;
  ManualFetch<std::string> fetch;
  const auto early = ask<Cards>(cache, "a", fetch);
  cache.template put<Cards>("a", "put");
  SECTION("while the put value is fresh") {
    fetch.complete("fetched");
    CHECK(cache.template get<Cards>("a") == "put");
  }
  SECTION("when the put value has expired") {
    tiercache::ManualClock::advance(1min);
    fetch.complete("fetched");
    CHECK_FALSE(cache.template get<Cards>("a"));
  }
  SECTION("when the put value was invalidated") {
    cache.template invalidate<Cards>("a");
    fetch.complete("fetched");
    CHECK_FALSE(cache.template get<Cards>("a"));
  }
  SECTION("when the put value was trimmed") {
    cache.template trim<Cards>(0);
    fetch.complete("fetched");
    CHECK_FALSE(cache.template get<Cards>("a"));
  }
  CHECK(early.get() == "fetched");
}

TEMPLATE_TEST_CASE("P4: \"there is none\" from before an invalidation is not remembered", "", support::Shared,
                   support::Local) {
  tiercache::ManualClock::reset();
  Cache<TestType> cache;
  ManualFetch<std::optional<std::string>> fetch;
  const auto early = ask<Cards>(cache, "a", fetch);
  cache.template invalidate<Cards>("a");
  fetch.complete(std::nullopt);
  CHECK_FALSE(early.get());
  const auto late = ask<Cards>(cache, "a", fetch);
  CHECK(fetch.started() == 2);
  fetch.complete(std::nullopt);
  CHECK_FALSE(late.get());
  const auto remembered = ask<Cards>(cache, "a", fetch);
  CHECK(fetch.started() == 2);
}

TEMPLATE_TEST_CASE("P4: \"there is none\" from before a put does not hide it", "", support::Shared, support::Local) {
  tiercache::ManualClock::reset();
  Cache<TestType> cache;
  ManualFetch<std::optional<std::string>> fetch;
  const auto early = ask<Cards>(cache, "a", fetch);
  cache.template put<Cards>("a", "put");
  fetch.complete(std::nullopt);
  CHECK_FALSE(early.get());
  CHECK(cache.template get<Cards>("a") == "put");
}

TEMPLATE_TEST_CASE("P4: a fetch that invalidates its own key is not stored", "", support::Shared, support::Local) {
  Cache<TestType> cache;
  const auto fetch = [&] {
    cache.template invalidate<Cards>("a");
    return std::string("value");
  };
  CHECK(cache.template get_or_fetch<Cards>("a", fetch).get() == "value");
  CHECK_FALSE(cache.template get<Cards>("a"));
}

TEMPLATE_TEST_CASE("P4: a fetch that puts its own key leaves what it put", "", support::Shared, support::Local) {
  Cache<TestType> cache;
  const auto fetch = [&] {
    cache.template put<Cards>("a", "put");
    return std::string("fetched");
  };
  CHECK(cache.template get_or_fetch<Cards>("a", fetch).get() == "fetched");
  CHECK(cache.template get<Cards>("a") == "put");
}

TEMPLATE_TEST_CASE("P4: who takes over a fetch after an invalidation does not share it with who asks later", "",
                   support::Shared, support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> first_fetch;
  ManualFetch<std::string> second_fetch;
  ManualFetch<std::string> third_fetch;
  auto leader = ask<Cards>(cache, "a", first_fetch);
  const auto waiter = ask<Cards>(cache, "a", second_fetch);
  cache.template invalidate<Cards>("a");
  const auto late = ask<Cards>(cache, "a", third_fetch);
  leader.leave();
  CHECK(second_fetch.started() == 1);
  CHECK(third_fetch.started() == 1);
  third_fetch.complete("newest");
  second_fetch.complete("new");
  CHECK(waiter.get() == "new");
  CHECK(late.get() == "newest");
  CHECK(cache.template get<Cards>("a") == "newest");
}

TEMPLATE_TEST_CASE("P4: an invalidation in what a completing fetch wakes drops the value it stored", "",
                   support::Shared, support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> fetch;
  const auto read_then_write = [](Cache<TestType>& from, ManualFetch<std::string>& by) -> Running<std::string> {
    static_cast<void>(co_await from.template get_or_fetch<Cards>("a", by));
    from.template invalidate<Cards>("a");
    co_return co_await from.template get_or_fetch<Cards>("a", by);
  };
  const auto writer = read_then_write(cache, fetch);
  const auto reader = ask<Cards>(cache, "a", fetch);
  fetch.complete("old");
  CHECK(reader.get() == "old");
  CHECK(fetch.started() == 2);
  CHECK_FALSE(cache.template get<Cards>("a"));
  fetch.complete("new");
  CHECK(writer.get() == "new");
  CHECK(cache.template get<Cards>("a") == "new");
}

TEMPLATE_TEST_CASE("P4: an invalidation during a refetch drops the expired value and the fetched one", "",
                   support::Shared, support::Local) {
  tiercache::ManualClock::reset();
  Cache<TestType> cache;
  ManualFetch<std::string> fetch;
  cache.template put<Cards>("a", "expired");
  tiercache::ManualClock::advance(1min);
  const auto caller = ask<Cards>(cache, "a", fetch);
  CHECK(cache.template peek<Cards>("a"));
  cache.template invalidate<Cards>("a");
  fetch.complete("fetched");
  CHECK(caller.get() == "fetched");
  CHECK_FALSE(cache.template peek<Cards>("a"));
}

TEMPLATE_TEST_CASE("P4: a predicate that throws leaves running fetches as they are", "", support::Shared,
                   support::Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> fetch;
  cache.template put<Cards>("b", "b");
  const auto caller = ask<Cards>(cache, "a", fetch);
  const auto predicate = [](const std::string&, const std::string&) -> bool { throw std::runtime_error("predicate"); };
  CHECK_THROWS_AS(cache.template invalidate_if<Cards>(predicate), std::runtime_error);
  fetch.complete("value");
  CHECK(cache.template get<Cards>("a") == "value");
  CHECK(cache.template get<Cards>("b") == "b");
}

}  // namespace
