#include "ask.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "expected.hpp"
#include "manual_fetch.hpp"
#include "task.hpp"

#include <tiercache/tiercache.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>

namespace {

using namespace std::chrono_literals;
using support::ask;
using support::Expected;
using support::ManualFetch;
using support::Running;
using support::Task;
using support::Unexpected;
using tiercache::CacheEntry;

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .not_found_ttl = 10s};
};
struct Boards : tiercache::Tier<std::string, std::shared_ptr<const std::string>> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .not_found_ttl = 10s};
};
struct Profile : tiercache::Tier<tiercache::Unkeyed, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
template <class Config>
using Cache = tiercache::BasicTieredCache<Config, Cards, Boards, Profile>;

using Result = Expected<std::string, int>;
using EntryResult = Expected<CacheEntry<std::string>, int>;

/// Fetches by a task that is suspended once, and looks at what two callers get and what is stored.
template <class T, class Answer, class AnyCache, class Check>
void fetch_suspended(AnyCache& cache, Answer answer, const Check& check) {
  ManualFetch<Answer> event;
  const auto fetch = [&event](const std::string& key) -> Task<Answer> {
    Answer given = co_await event();
    if (key != "a") throw std::logic_error("wrong key");
    co_return given;
  };
  const auto first = ask<T>(cache, "a", fetch);
  const auto second = ask<T>(cache, "a", event);
  CHECK(event.started() == 1);
  event.complete(std::move(answer));
  REQUIRE(first.is_done());
  REQUIRE(second.is_done());
  check(first.get());
  check(second.get());
}

TEMPLATE_TEST_CASE("P1: each kind of answer reaches all callers and is stored as it says", "", support::Shared,
                   support::Local) {
  tiercache::ManualClock::reset();
  Cache<TestType> cache;
  const auto is_value = [](const std::string& value) { CHECK(value == "value"); };
  const auto ttl = [&] { return cache.template peek<Cards>("a").value().ttl; };
  SECTION("a value") {
    fetch_suspended<Cards>(cache, std::string("value"), is_value);
    CHECK(ttl() == 1min);
  }
  SECTION("what converts to a value") {
    fetch_suspended<Cards>(cache, "value", is_value);
    CHECK(ttl() == 1min);
  }
  SECTION("an entry") {
    fetch_suspended<Cards>(cache, CacheEntry<std::string>{.value = "value", .ttl = 5s}, is_value);
    CHECK(ttl() == 5s);
  }
  SECTION("an entry that does not say how long it lives") {
    fetch_suspended<Cards>(cache, CacheEntry<std::string>{.value = "value"}, is_value);
    CHECK(ttl() == 1min);
  }
  SECTION("an optional with a value") {
    fetch_suspended<Cards>(cache, std::optional<std::string>("value"),
                           [](const std::optional<std::string>& value) { CHECK(value == "value"); });
    CHECK(ttl() == 1min);
  }
  SECTION("an optional with an entry") {
    fetch_suspended<Cards>(cache, std::optional(CacheEntry<std::string>{.value = "value", .ttl = 5s}),
                           [](const std::optional<std::string>& value) { CHECK(value == "value"); });
    CHECK(ttl() == 5s);
  }
  SECTION("an optional with nothing") {
    fetch_suspended<Cards>(cache, std::optional<std::string>(),
                           [](const std::optional<std::string>& value) { CHECK_FALSE(value); });
    CHECK_FALSE(cache.template peek<Cards>("a"));
    CHECK(cache.template size<Cards>() == 1);
    const auto never = []() -> std::optional<std::string> { throw std::logic_error("must not run"); };
    CHECK_FALSE(cache.template get_or_fetch<Cards>("a", never).get());
    tiercache::ManualClock::advance(10s);
    CHECK_THROWS_AS(cache.template get_or_fetch<Cards>("a", never).get(), std::logic_error);
  }
  SECTION("an expected value") {
    fetch_suspended<Cards>(cache, Result("value"), [](const Result& result) { CHECK(*result == "value"); });
    CHECK(ttl() == 1min);
  }
  SECTION("an unexpected error") {
    fetch_suspended<Cards>(cache, Result(Unexpected<int>{404}),
                           [](const Result& result) { CHECK(result.error() == 404); });
    CHECK(cache.template size<Cards>() == 0);
  }
  SECTION("a value for a tier of shared pointers") {
    fetch_suspended<Boards>(cache, std::string("value"), [&](const std::shared_ptr<const std::string>& value) {
      CHECK(*value == "value");
      CHECK(value == cache.template get<Boards>("a").value());
    });
  }
  SECTION("an entry for a tier of shared pointers") {
    fetch_suspended<Boards>(cache, CacheEntry<std::string>{.value = "value", .ttl = 5s},
                            [&](const std::shared_ptr<const std::string>& value) { CHECK(*value == "value"); });
    CHECK(cache.template peek<Boards>("a").value().ttl == 5s);
  }
  SECTION("a shared pointer for a tier of them") {
    const auto shared = std::make_shared<std::string>("value");
    fetch_suspended<Boards>(cache, shared,
                            [&](const std::shared_ptr<const std::string>& value) { CHECK(value == shared); });
  }
  SECTION("an optional for a tier of shared pointers") {
    fetch_suspended<Boards>(cache, std::optional<std::string>("value"),
                            [&](const std::optional<std::shared_ptr<const std::string>>& value) {
                              REQUIRE(value);
                              CHECK(**value == "value");
                            });
  }
}

TEMPLATE_TEST_CASE("P1: an answer may come at once, blocking or awaited", "", support::Shared, support::Local) {
  tiercache::ManualClock::reset();
  Cache<TestType> cache;
  SECTION("an entry") {
    const auto fetch = [] { return CacheEntry<std::string>{.value = "value", .ttl = 5s}; };
    CHECK(cache.template get_or_fetch<Cards>("a", fetch).get() == "value");
    CHECK(cache.template peek<Cards>("a").value().ttl == 5s);
  }
  SECTION("an entry that does not say how long it lives") {
    const auto fetch = [] { return CacheEntry<std::string>{.value = "value"}; };
    CHECK(cache.template get_or_fetch<Cards>("a", fetch).get() == "value");
    CHECK(cache.template get<Cards>("a") == "value");
    CHECK(cache.template peek<Cards>("a").value().ttl == 1min);
  }
  SECTION("an error") {
    const auto fetch = []() -> Result { return Unexpected<int>{404}; };
    CHECK(cache.template get_or_fetch<Cards>("a", fetch).get().error() == 404);
    const auto caller = ask<Cards>(cache, "a", fetch);
    CHECK(caller.get().error() == 404);
  }
  SECTION("nothing") {
    const auto fetch = []() -> std::optional<std::string> { return std::nullopt; };
    const auto caller = ask<Cards>(cache, "a", fetch);
    CHECK_FALSE(caller.get());
    CHECK_FALSE(cache.template get_or_fetch<Cards>("a", fetch).get());
    CHECK(cache.template stats<Cards>().not_found_hits == 1);
  }
  SECTION("by const reference") {
    const std::string held = "value";
    const auto fetch = [&held]() -> const std::string& { return held; };
    CHECK(cache.template get_or_fetch<Cards>("a", fetch).get() == "value");
    CHECK(held == "value");
  }
}

std::string fetch_by_key(const std::string& key) {
  return "card " + key;
}
std::string fetch_by_value(std::string key) {
  return "card " + key;
}
std::string fetch_without_key() {
  return "card";
}
Task<std::string> fetch_task(std::string key) {
  co_return "card " + key;
}
Running<std::string> fetch_eagerly(std::string key) {
  co_return "card " + key;
}

TEMPLATE_TEST_CASE("P1: a fetcher may take the key or nothing, and be anything that can be called or awaited", "",
                   support::Shared, support::Local) {
  Cache<TestType> cache;
  SECTION("functions") {
    CHECK(cache.template get_or_fetch<Cards>("a", fetch_by_key).get() == "card a");
    CHECK(cache.template get_or_fetch<Cards>("b", &fetch_by_value).get() == "card b");
    CHECK(cache.template get_or_fetch<Cards>("c", fetch_without_key).get() == "card");
    CHECK(cache.template get_or_fetch<Cards>("d", fetch_task).get() == "card d");
    CHECK(cache.template get_or_fetch<Cards>("e", fetch_eagerly).get() == "card e");
  }
  SECTION("a std::function and a bound call") {
    const std::function<std::string(const std::string&)> function = fetch_by_key;
    CHECK(cache.template get_or_fetch<Cards>("a", function).get() == "card a");
    CHECK(cache.template get_or_fetch<Cards>("b", std::bind_front(fetch_task, "bound")).get() == "card bound");
  }
  SECTION("a mutable closure, which is not copied") {
    int calls = 0;
    auto fetch = [calls]() mutable { return std::to_string(++calls); };
    CHECK(cache.template get_or_fetch<Cards>("a", fetch).get() == "1");
    CHECK(cache.template get_or_fetch<Cards>("b", fetch).get() == "2");
  }
  SECTION("a move-only closure") {
    auto fetch = [text = std::make_unique<std::string>("moved")] { return *text; };
    const std::string fetched = cache.template get_or_fetch<Cards>("a", std::move(fetch)).get();
    CHECK(fetched == "moved");
  }
  SECTION("a task, as an object") {
    CHECK(cache.template get_or_fetch<Cards>("a", fetch_task("x")).get() == "card x");
    const auto caller = [](Cache<TestType>& from) -> Running<std::string> {
      co_return co_await from.template get_or_fetch<Cards>("b", fetch_task("y"));
    };
    const auto running = caller(cache);
    CHECK(running.get() == "card y");
  }
  SECTION("an awaiter, as an object, suspended") {
    ManualFetch<std::string> event;
    auto awaiter = event();
    const auto caller = ask<Cards>(cache, "a", awaiter);
    const auto waiter = ask<Cards>(cache, "a", fetch_without_key);
    event.complete("value");
    CHECK(caller.get() == "value");
    CHECK(waiter.get() == "value");
  }
  SECTION("a task that started already, suspended") {
    ManualFetch<std::string> event;
    const auto start = [](ManualFetch<std::string>& by) -> Running<std::string> { co_return co_await by(); };
    const auto fetch = [&] { return start(event); };
    const auto caller = ask<Cards>(cache, "a", fetch);
    const auto waiter = ask<Cards>(cache, "a", fetch);
    event.complete("value");
    CHECK(caller.get() == "value");
    CHECK(waiter.get() == "value");
  }
  SECTION("an object with an operator co_await") {
    struct Awaitable {
      explicit Awaitable(ManualFetch<std::string>& its_event) noexcept : event(its_event) {}
      auto operator co_await() const { return event(); }
      ManualFetch<std::string>& event;
    };
    ManualFetch<std::string> event;
    const Awaitable awaitable(event);
    const auto caller = ask<Cards>(cache, "a", awaitable);
    event.complete("value");
    CHECK(caller.get() == "value");
  }
  SECTION("for a tier without keys") {
    ManualFetch<std::string> event;
    const auto caller = [](Cache<TestType>& from, ManualFetch<std::string>& by) -> Running<std::string> {
      co_return co_await from.template get_or_fetch<Profile>(by);
    };
    const auto first = caller(cache, event);
    const auto second = caller(cache, event);
    CHECK(event.started() == 1);
    event.complete("value");
    CHECK(first.get() == "value");
    CHECK(second.get() == "value");
    CHECK(cache.template get<Profile>() == "value");
    CHECK(cache.template get_or_fetch<Profile>(fetch_without_key).get() == "value");
  }
}

TEMPLATE_TEST_CASE("P1: the fetcher sees the key that is stored, not the caller's argument", "", support::Shared,
                   support::Local) {
  Cache<TestType> cache;
  const std::string* seen = nullptr;
  const auto fetch = [&seen](const std::string& key) {
    seen = &key;
    return "card " + key;
  };
  const std::string given = "a";
  CHECK(cache.template get_or_fetch<Cards>(given, fetch).get() == "card a");
  CHECK(seen != &given);
}

}  // namespace
