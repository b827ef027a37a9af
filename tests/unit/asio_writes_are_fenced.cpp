#include "asio_gate.hpp"
#include "ask.hpp"
#include "catch.hpp"
#include "manual_fetch.hpp"

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

using namespace support;

namespace {

struct Workspace : tiercache::Tier<tiercache::Unkeyed, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};
using Cache = tiercache::BasicTieredCache<AsioConfig, Pages, Workspace>;

struct Fixture {
  Fixture() {
    tiercache::ManualClock::reset();
    cache->put<Pages>("a", "old");
    cache->put<Pages>("b", "other");
  }

  template <class Result>
  auto start(asio::awaitable<Result> written) {
    return asio::co_spawn(*context, std::move(written), asio::use_future);
  }
  void run() {
    context->restart();
    context->poll();
  }
  void check_invalidated() {
    CHECK_FALSE(cache->get<Pages>("a"));
    CHECK(cache->get<Pages>("b") == "other");
  }

  std::optional<Cache> cache{std::in_place};
  std::unique_ptr<asio::io_context> context = std::make_unique<asio::io_context>();
  ManualFetch<std::string> event;
  const std::string work = "written";
};

}  // namespace

TEST_CASE_METHOD(Fixture,
                 "a write in an asio coroutine invalidates before and after its operation, and yields its result") {
  const auto operation = [this]() -> asio::awaitable<std::string> {
    CHECK_FALSE(cache->get<Pages>("a"));
    co_await asio::post(asio::use_awaitable);
    cache->put<Pages>("a", "read in between");
    co_return "written";
  };
  const auto write = [&]() -> asio::awaitable<std::string> {
    std::string result = co_await tiercache::write<Pages>(*cache, "a", operation);
    CHECK_FALSE(cache->get<Pages>("a"));
    co_return result;
  };
  auto written = start(write());
  CHECK(cache->get<Pages>("a") == "old");  // it is lazy
  run();
  CHECK(written.get() == "written");
  check_invalidated();
  CHECK(cache->stats<Pages>().invalidations == 2);
}

TEST_CASE_METHOD(Fixture,
                 "a write in an asio coroutine takes an operation that answers at once, and one that yields nothing") {
  SECTION("a result at once") {
    const auto operation = [] { return std::make_unique<int>(7); };
    auto written = start(tiercache::write<Pages>(*cache, "a", operation));
    run();
    CHECK(*written.get() == 7);
  }
  SECTION("nothing at once") {
    int calls = 0;
    const auto operation = [&calls] { ++calls; };
    auto written = start(tiercache::write<Pages>(*cache, "a", operation));
    run();
    written.get();
    CHECK(calls == 1);
  }
  SECTION("an awaitable of nothing") {
    int calls = 0;
    const auto operation = [&calls]() -> asio::awaitable<void> {
      ++calls;
      co_return;
    };
    auto written = start(tiercache::write<Pages>(*cache, "a", operation));
    run();
    written.get();
    CHECK(calls == 1);
  }
  SECTION("an awaitable object") {
    const auto operation = []() -> asio::awaitable<int> { co_return 7; };
    auto written = start(tiercache::write<Pages>(*cache, "a", operation()));
    run();
    CHECK(written.get() == 7);
  }
  check_invalidated();
}

TEST_CASE_METHOD(Fixture, "P4: no fetch that overlaps a write in an asio coroutine is stored") {
  Gate gate(*context);
  const auto before = ask<Pages>(*cache, "c", event);
  const auto operation = [&] { return gate.fetch(work); };
  auto written = start(tiercache::write<Pages>(*cache, "c", operation));
  run();
  const auto during = ask<Pages>(*cache, "c", event);
  CHECK(event.started() == 2);
  SECTION("that ends before the write") {
    event.complete("before");
    event.complete("during");
    gate.open();
    run();
  }
  SECTION("that ends after it") {
    gate.open();
    run();
    event.complete("before");
    event.complete("during");
  }
  CHECK(written.get() == "written #1");
  CHECK(before.get() == "before");
  CHECK(during.get() == "during");
  CHECK_FALSE(cache->get<Pages>("c"));
}

TEST_CASE_METHOD(Fixture,
                 "a write in an asio coroutine that throws, is cancelled or destroyed has invalidated all the same") {
  const auto put_in_between = [this] { cache->put<Pages>("a", "read in between"); };
  SECTION("at once") {
    const auto operation = [&]() -> int {
      put_in_between();
      throw std::runtime_error("no");
    };
    auto written = start(tiercache::write<Pages>(*cache, "a", operation));
    run();
    CHECK_THROWS_WITH(written.get(), "no");
  }
  SECTION("awaited") {
    const auto operation = [&]() -> asio::awaitable<void> {
      put_in_between();
      co_await asio::post(asio::use_awaitable);
      throw std::runtime_error("no");
    };
    auto written = start(tiercache::write<Pages>(*cache, "a", operation));
    run();
    CHECK_THROWS_WITH(written.get(), "no");
  }
  SECTION("cancelled") {
    Gate gate(*context);
    const auto operation = [&] { return gate.fetch(work); };
    asio::cancellation_signal cancel;
    std::exception_ptr failure;
    asio::co_spawn(*context, tiercache::write<Pages>(*cache, "a", operation),
                   asio::bind_cancellation_slot(
                       cancel.slot(), [&](const std::exception_ptr& its, const std::string&) { failure = its; }));
    run();
    put_in_between();
    cancel.emit(asio::cancellation_type::terminal);
    run();
    CHECK_THROWS_AS(std::rethrow_exception(failure), SystemError);
  }
  SECTION("destroyed with its context") {
    Gate gate(*context);
    const auto operation = [&] { return gate.fetch(work); };
    asio::co_spawn(*context, tiercache::write<Pages>(*cache, "a", operation), asio::detached);
    run();
    put_in_between();
    gate.let_go();
    context.reset();
    CHECK(gate.running == 0);
  }
  check_invalidated();
}

TEST_CASE_METHOD(Fixture, "a write in an asio coroutine to an Unkeyed tier has no key") {
  cache->put<Workspace>(1);
  const auto operation = [] { return 7; };
  auto written = start(tiercache::write<Workspace>(*cache, operation));
  run();
  CHECK(written.get() == 7);
  CHECK_FALSE(cache->get<Workspace>());
}

TEST_CASE_METHOD(Fixture, "a write in an asio coroutine keeps its key, and may outlast the cache") {
  Gate gate(*context);
  const auto operation = [&] { return gate.fetch(work); };
  std::string key = "a key that is too long for small strings";
  auto written = start(tiercache::write<Pages>(*cache, std::string_view(key), operation));
  cache->put<Pages>(key, "old");
  const std::string kept = std::exchange(key, std::string(key.size(), '?'));
  run();
  CHECK_FALSE(cache->get<Pages>(kept));
  cache.reset();
  gate.open();
  run();
  CHECK(written.get() == "written #1");
}
