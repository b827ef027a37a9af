#include "allocations.hpp"
#include "answer.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "counted_new.hpp"
#include "running.hpp"
#include "task.hpp"

#include <tiercache/tiercache.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace {

using namespace std::chrono_literals;
using support::Allocations;
using support::Running;
using support::Task;

struct Numbers : tiercache::Tier<std::uint64_t, std::uint64_t> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .not_found_ttl = 1min};
};
struct Names : tiercache::Tier<std::string, std::shared_ptr<const std::string>> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
struct Single : tiercache::Tier<tiercache::Unkeyed, std::uint64_t> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
template <class Config>
using Cache = tiercache::BasicTieredCache<Config, Numbers, Names, Single>;

constexpr std::string_view long_key = "a key too long for the string's own buffer";

TEMPLATE_TEST_CASE("P9: a hit allocates nothing", "", support::Shared, support::Local) {
  tiercache::ManualClock::reset();
  Cache<TestType> cache;
  cache.template put<Numbers>(1, 10);
  cache.template put<Names>(long_key, std::make_shared<const std::string>(long_key));
  cache.template put<Single>(20);
  const auto none = [] { return std::optional<std::uint64_t>(); };
  CHECK_FALSE(cache.template get_or_fetch<Numbers>(2u, none).get());
  const auto number = [](std::uint64_t) -> std::uint64_t { return 0; };
  const auto name = [](const std::string& key) -> Task<std::string> { co_return key; };
  const auto single = []() -> Task<std::uint64_t> { co_return 0; };

  const std::size_t before = Allocations::count;
  REQUIRE(std::make_unique<int>(1));
  REQUIRE(Allocations::count > before);  // or else it does not count

  std::size_t allocated = Allocations::count;
  bool is_right = cache.template get<Numbers>(1u) == 10u;
  is_right = is_right && cache.template get_or_fetch<Numbers>(1u, number).get() == 10u;
  is_right = is_right && !cache.template get_or_fetch<Numbers>(2u, none).get();
  is_right = is_right && (*cache.template get<Names>(long_key)) != nullptr;
  is_right = is_right && cache.template visit<Names>(long_key, [](const auto&) {});
  is_right = is_right && cache.template peek<Numbers>(1u).has_value();
  is_right = is_right && *cache.template get_or_fetch<Names>(long_key, name).get() == long_key;
  is_right = is_right && *cache.template get_or_fetch<Names>(long_key.data(), name).get() == long_key;
  is_right = is_right && cache.template get<Single>() == 20u;
  is_right = is_right && cache.template get_or_fetch<Single>(single).get() == 20u;
  allocated = Allocations::count - allocated;
  CHECK(is_right);
  CHECK(allocated == 0);
}

TEMPLATE_TEST_CASE("P9: an awaited hit allocates nothing and does not suspend", "", support::Shared, support::Local) {
  tiercache::ManualClock::reset();
  Cache<TestType> cache;
  cache.template put<Names>(long_key, std::make_shared<const std::string>(long_key));
  int calls = 0;
  const auto fetch = [&calls](const std::string& key) -> Task<std::string> {
    ++calls;
    co_return key;
  };
  const auto hit = [](Cache<TestType>& from, const auto& by) -> Running<bool> {
    std::shared_ptr<const std::string> value = co_await from.template get_or_fetch<Names>(long_key, by);
    co_return *value == long_key;
  };
  const std::size_t before = Allocations::count;
  const auto caller = hit(cache, fetch);
  const std::size_t after = Allocations::count;
  REQUIRE(caller.is_done());
  CHECK(caller.get());
  CHECK(after == before);
  CHECK(calls == 0);

  auto lookup = cache.template get_or_fetch<Names>(long_key, fetch);
  CHECK(lookup.operator co_await().await_ready());
}

TEMPLATE_TEST_CASE("P9: waiting for another's fetch allocates nothing", "", support::Shared, support::Local) {
  Cache<TestType> cache;
  struct Never {
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    std::uint64_t await_resume() const noexcept { return 0; }
  };
  const auto never = [] { return Never(); };
  auto leader = cache.template get_or_fetch<Numbers>(1u, never);
  REQUIRE_FALSE(leader.operator co_await().await_ready());
  // The first look at a key takes the memory for a fetch only where there is none to wait for.
  const std::size_t before = Allocations::count;
  auto waiter = cache.template get_or_fetch<Numbers>(1u, never);
  auto awaiter = waiter.operator co_await();
  const bool is_ready = awaiter.await_ready();
  const bool is_waiting = awaiter.await_suspend(std::noop_coroutine());
  CHECK(Allocations::count == before);
  CHECK_FALSE(is_ready);
  CHECK(is_waiting);
}

TEMPLATE_TEST_CASE("P9: a miss allocates the entry and the flight, and a frame where its fetch is awaited", "",
                   support::Shared, support::Local) {
  tiercache::ManualClock::reset();
  Cache<TestType> cache;
  for (std::uint64_t key = 0; key < 20; ++key) cache.template put<Numbers>(key, key);  // the index has grown
  const auto at_once = [](std::uint64_t) -> std::uint64_t { return 1; };
  const auto awaited = [](std::uint64_t) -> Task<std::uint64_t> { co_return 1; };
  static_cast<void>(cache.template get_or_fetch<Numbers>(100u, at_once).get());

  std::size_t before = Allocations::count;
  static_cast<void>(cache.template get_or_fetch<Numbers>(101u, at_once).get());
  CHECK(Allocations::count - before <= 2);
  before = Allocations::count;
  static_cast<void>(cache.template get_or_fetch<Numbers>(102u, awaited).get());
  CHECK(Allocations::count - before <= 3);
}

}  // namespace
