#include "ask.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "manual_fetch.hpp"
#include "running.hpp"
#include "task.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <coroutine>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

using namespace support;

namespace {

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1), .capacity = 4};
};
struct Workspace : tiercache::Tier<tiercache::Unkeyed, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};
template <class Config>
using Cache = tiercache::BasicTieredCache<Config, Cards, Workspace>;

template <class Config, class Operation>
Running<int> write(Cache<Config>& cache, std::string key, Operation& operation) {
  co_return co_await cache.template write<Cards>(key, operation);
}

}  // namespace

TEMPLATE_TEST_CASE("a write invalidates before and after its operation, and yields what that yields", "", Shared,
                   Local) {
  Cache<TestType> cache;
  cache.template put<Cards>("a", "old");
  cache.template put<Cards>("b", "other");
  const auto operation = [&cache] {
    CHECK_FALSE(cache.template get<Cards>("a"));
    cache.template put<Cards>("a", "read in between");
    return std::string("written");
  };
  CHECK(cache.template write<Cards>("a", operation).get() == "written");
  CHECK_FALSE(cache.template get<Cards>("a"));
  CHECK(cache.template get<Cards>("b") == "other");
  CHECK(cache.template stats<Cards>().invalidations == 2);
}

TEMPLATE_TEST_CASE("P4: no fetch that overlaps an awaited write is stored", "", Shared, Local) {
  Cache<TestType> cache;
  ManualFetch<std::string> event;
  ManualFetch<int> written;
  auto before = ask<Cards>(cache, "a", event);
  const auto writing = write(cache, "a", written);
  auto during = ask<Cards>(cache, "a", event);
  CHECK(event.started() == 2);
  SECTION("that ends before the write") {
    event.complete("before");
    event.complete("during");
    written.complete(7);
  }
  SECTION("that ends after it") {
    written.complete(7);
    event.complete("before");
    event.complete("during");
  }
  CHECK(writing.get() == 7);
  CHECK(before.get() == "before");
  CHECK(during.get() == "during");
  CHECK_FALSE(cache.template get<Cards>("a"));
  const auto after = ask<Cards>(cache, "a", event);
  event.complete("after");
  CHECK(after.get() == "after");
  CHECK(cache.template get<Cards>("a") == "after");
}

TEST_CASE("a write that throws has invalidated") {
  Cache<Shared> cache;
  cache.put<Cards>("a", "old");
  SECTION("at once") {
    const auto operation = []() -> int { throw std::runtime_error("no"); };
    CHECK_THROWS_WITH(cache.write<Cards>("a", operation).get(), "no");
  }
  SECTION("awaited") {
    ManualFetch<int> written;
    const auto writing = write(cache, "a", written);
    cache.put<Cards>("a", "read in between");
    written.fail(std::runtime_error("no"));
    CHECK_THROWS_WITH(writing.get(), "no");
  }
  SECTION("destroyed while it is suspended") {
    ManualFetch<int> written;
    auto writing = write(cache, "a", written);
    cache.put<Cards>("a", "read in between");
    writing.leave();
    CHECK(written.destroyed() == 1);
  }
  CHECK_FALSE(cache.get<Cards>("a"));
}

TEST_CASE("a write is invalidated again before anybody has its result") {
  Cache<Shared> cache;
  ManualFetch<int> written;
  const auto caller = [&]() -> Running<bool> {
    static_cast<void>(co_await cache.write<Cards>("a", written));
    co_return cache.get<Cards>("a").has_value();
  };
  const auto running = caller();
  cache.put<Cards>("a", "read in between");
  written.complete(1);
  CHECK_FALSE(running.get());
}

TEST_CASE("what a write may be: nothing as a result, a task, an unkeyed tier, an owned operation") {
  Cache<Shared> cache;
  cache.put<Workspace>(1);
  int done = 0;
  const auto nothing = [&done] { ++done; };
  cache.write<Workspace>(nothing).get();
  CHECK(done == 1);
  CHECK_FALSE(cache.get<Workspace>());
  ManualFetch<int> event;
  const auto task = [&event]() -> Task<int> { co_return co_await event() + 1; };
  const auto caller = [&]() -> Running<int> {
    co_await cache.write<Cards>(std::string_view("a"), nothing);
    co_return co_await cache.write<Cards>("a", task);
  };
  const auto running = caller();
  CHECK(done == 2);
  event.complete(1);
  CHECK(running.get() == 2);
  auto moved = cache.write<Cards>("a", [value = std::make_unique<int>(3)] { return *value; });
  CHECK(moved.get() == 3);
}

TEST_CASE("P12: the cache may be destroyed during a write") {
  ManualFetch<int> written;
  auto cache = std::make_unique<Cache<Shared>>();
  const auto writing = write(*cache, "a", written);
  cache.reset();
  written.complete(7);
  CHECK(writing.get() == 7);
}

TEST_CASE("P4: an awaited write has ended as its result is handed over, not when the awaiter goes") {
  Cache<Shared> cache;
  ManualFetch<int> written;
  auto write = cache.write<Cards>("a", written);
  auto awaiter = std::move(write).operator co_await();
  CHECK_FALSE(awaiter.await_ready());
  awaiter.await_suspend(std::noop_coroutine());
  cache.put<Cards>("a", "read in between");
  written.complete(7);
  CHECK(awaiter.await_resume() == 7);
  CHECK_FALSE(cache.get<Cards>("a"));
}
