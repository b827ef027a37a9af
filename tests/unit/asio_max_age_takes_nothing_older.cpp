#include "asio_gate.hpp"
#include "catch.hpp"

#include <chrono>
#include <string>
#include <utility>

using namespace support;
using namespace std::chrono_literals;

namespace {

struct Workspace : tiercache::Tier<tiercache::Unkeyed, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
struct Cards : tiercache::Tier<std::string, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .capacity = 4};
};

struct Fixture {
  Fixture() { tiercache::ManualClock::reset(); }

  /// Runs a lookup in a coroutine, and returns what it yields.
  int run(asio::awaitable<int> lookup) {
    auto future = asio::co_spawn(context, std::move(lookup), asio::use_future);
    context.restart();
    context.run();
    return future.get();
  }

  tiercache::BasicTieredCache<AsioConfig, Workspace, Cards> cache;
  asio::io_context context;
  int fetched = 0;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "max_age: what is as old as that is a miss for an asio coroutine, for this call only") {
  const auto fetch = [this] { return ++fetched; };
  CHECK(run(tiercache::get_or_fetch<Cards>(cache, "a", fetch)) == 1);
  tiercache::ManualClock::advance(2s);
  CHECK(run(tiercache::get_or_fetch<Cards>(cache, "a", fetch, tiercache::max_age(2001ms))) == 1);
  CHECK(run(tiercache::get_or_fetch<Cards>(cache, "a", fetch, tiercache::max_age(2s))) == 2);
  CHECK(run(tiercache::get_or_fetch<Cards>(cache, "a", fetch)) == 2);
  const auto always = tiercache::max_age(0s);
  CHECK(run(tiercache::get_or_fetch<Cards>(cache, "a", fetch, always)) == 3);
}

TEST_CASE_METHOD(Fixture, "max_age: an asio coroutine has an awaitable, an owned fetcher and the loader fetch anew") {
  cache.put<Cards>("a", 0);
  const auto fetch = [this]() -> asio::awaitable<int> { co_return ++fetched; };
  CHECK(run(tiercache::get_or_fetch<Cards>(cache, "a", fetch, tiercache::max_age(0s))) == 1);
  auto owned = tiercache::owned(fetch);
  CHECK(run(tiercache::get_or_fetch<Cards>(cache, "a", owned, tiercache::max_age(0s))) == 2);
  cache.set_loader<Cards>([](const std::string& key) { return static_cast<int>(key.size()) + 10; });
  CHECK(run(tiercache::get_or_fetch<Cards>(cache, "a", tiercache::max_age(tiercache::forever))) == 2);
  CHECK(run(tiercache::get_or_fetch<Cards>(cache, "a", tiercache::max_age(0s))) == 11);
}

TEST_CASE_METHOD(Fixture, "max_age: for an Unkeyed tier in an asio coroutine, with a fetcher and with the loader") {
  cache.put<Workspace>(0);
  const auto fetch = [this] { return ++fetched; };
  CHECK(run(tiercache::get_or_fetch<Workspace>(cache, fetch, tiercache::max_age(1s))) == 0);
  CHECK(run(tiercache::get_or_fetch<Workspace>(cache, fetch, tiercache::max_age(0s))) == 1);
  cache.set_loader<Workspace>([] { return 7; });
  CHECK(run(tiercache::get_or_fetch<Workspace>(cache, tiercache::max_age(1s))) == 1);
  CHECK(run(tiercache::get_or_fetch<Workspace>(cache, tiercache::max_age(0s))) == 7);
}

TEST_CASE_METHOD(Fixture, "max_age: an asynchronous operation takes it before its token") {
  cache.put<Cards>("a", 0);
  const auto fetch = [this] { return ++fetched; };
  cache.set_loader<Cards>([](const std::string&) { return 7; });
  auto kept =
      tiercache::async_get_or_fetch<Cards>(cache, context, "a", fetch, tiercache::max_age(1s), asio::use_future);
  context.run();
  CHECK(kept.get() == 0);
  context.restart();
  auto anew =
      tiercache::async_get_or_fetch<Cards>(cache, context, "a", fetch, tiercache::max_age(0s), asio::use_future);
  context.run();
  CHECK(anew.get() == 1);
  context.restart();
  auto loaded = tiercache::async_get_or_fetch<Cards>(cache, context, "a", tiercache::max_age(0s), asio::use_future);
  context.run();
  CHECK(loaded.get() == 7);
}
