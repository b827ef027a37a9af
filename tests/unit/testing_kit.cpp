#include "catch.hpp"

#include <tiercache/testing.hpp>
#include <tiercache/tiercache.hpp>

#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;
using tiercache::ManualClock;

namespace {

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 60s, .stale_if_error = 1h};
};
using Cache = tiercache::BasicTieredCache<tiercache::testing::Config, Cards>;
using Fetch = tiercache::testing::ManualFetch<std::string>;

/// Stands for the code under test: it shows a card, or that there is none to be had.
tiercache::testing::Caller<std::string> show(Cache& cache, std::string id, Fetch& fetch) {
  std::string shown = "(no connection)";
  try {
    shown = co_await cache.get_or_fetch<Cards>(id, fetch);
  } catch (const std::exception&) {}
  co_return shown;
}

}  // namespace

TEST_CASE("a test can have the fetch take as long as it likes") {
  ManualClock::reset();
  Cache cache;
  Fetch fetch;
  const auto first = show(cache, "7", fetch);
  const auto second = show(cache, "7", fetch);
  ManualClock::advance(59s);
  CHECK(!first.is_done());
  fetch.complete("a card");
  CHECK(first.get() == "a card");
  CHECK(second.get() == "a card");
  CHECK(fetch.started() == 1);
  ManualClock::advance(1s);
  const auto third = show(cache, "7", fetch);
  CHECK(fetch.started() == 2);  // the time to live counts from the start of the fetch
}

TEST_CASE("a test can have the fetch fail, be dropped, or never end") {
  ManualClock::reset();
  Cache cache;
  Fetch fetch;
  auto caller = show(cache, "7", fetch);
  fetch.fail(std::runtime_error("unreachable"));
  CHECK(caller.get() == "(no connection)");
  caller = show(cache, "7", fetch);
  fetch.drop();
  CHECK(caller.get() == "(no connection)");
  caller = show(cache, "7", fetch);
  caller.leave();
  CHECK(fetch.destroyed() == 1);
  CHECK(fetch.running() == 0);
  CHECK_THROWS_AS(fetch.complete("nobody"), std::logic_error);

  cache.put<Cards>("7", "an old card");
  ManualClock::advance(60s);
  caller = show(cache, "7", fetch);
  fetch.fail(std::runtime_error("unreachable"));
  CHECK(caller.get() == "an old card");
}

TEST_CASE("a test can run an executor job by job, or have it refuse and drop them") {
  ManualClock::reset();
  Cache cache;
  Fetch fetch;
  tiercache::testing::SteppingExecutor executor;
  const auto ask = [&]() -> tiercache::testing::Caller<std::string> {
    const auto post = [&executor](auto job) { executor.post(job); };
    co_return co_await cache.get_or_fetch<Cards>("7", fetch).resume_on(post);
  };
  auto first = ask();
  auto second = ask();
  fetch.complete("a card");
  CHECK(executor.size() == 2);
  CHECK(executor.step());
  CHECK(first.get() == "a card");
  CHECK(!second.is_done());
  executor.drop();
  CHECK(second.get() == "a card");  // who waits for a job that is dropped goes on there
  CHECK(executor.run() == 0);

  cache.clear();
  executor.refuses = true;
  first = ask();
  fetch.complete("another card");
  CHECK(first.get() == "another card");
}
