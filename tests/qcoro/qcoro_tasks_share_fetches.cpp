#include "ask.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "fetcher_kinds.hpp"
#include "qt_loop.hpp"

#include <qcoro/qcorotimer.h>

#include <tiercache/tiercache.hpp>

#include <QTimer>
#include <chrono>
#include <stdexcept>
#include <stop_token>
#include <string>

using namespace support;

namespace {

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};
using Cache = tiercache::BasicTieredCache<Shared, Cards>;

struct Bench {
  Bench() { tiercache::ManualClock::reset(); }

  /// A fetch that the test ends.
  QCoro::Task<std::string> fetch(std::string key) {
    // Not the awaiter itself: GCC 12 awaits a copy of what QCoro's await_transform returns by reference.
    std::string answer = co_await FreeAwaitable(event);
    co_return key + " " + answer;
  }
  /// A fetch that Qt's event loop ends.
  QCoro::Task<std::string> fetch_in_loop(std::string key) {
    ++begun;
    QTimer timer;
    timer.start(0);
    co_await timer;
    if (fails) throw std::runtime_error("no " + key);
    co_return key + " in the loop";
  }

  QtLoop loop;
  Event event;
  Cache cache;
  int begun = 0;
  bool fails = false;
};

/// What became of a caller, which nobody can destroy.
struct Outcome {
  std::string answer;
  std::string error;
  [[nodiscard]] bool is_done() const { return !answer.empty() || !error.empty(); }
};

template <class F>
QCoro::Task<void> ask_in_task(Cache& cache, F fetch, Outcome& outcome) {
  try {
    outcome.answer = co_await cache.get_or_fetch<Cards>("a", fetch);
  } catch (const std::exception& failure) {
    outcome.error = failure.what();
  }
}
template <class F>
QCoro::Task<void> ask_until(Cache& cache, F fetch, std::stop_token token, Outcome& outcome) {
  try {
    outcome.answer = co_await cache.get_or_fetch<Cards>("a", fetch).stop_on(token);
  } catch (const tiercache::fetch_abandoned&) {
    outcome.error = "stopped";
  }
}

}  // namespace

TEST_CASE("P1: QCoro's tasks share one fetch, which is a QCoro task that Qt's event loop ends; the next one hits") {
  Bench bench;
  const auto fetch = [&bench](const std::string& key) { return bench.fetch_in_loop(key); };
  const auto owned = tiercache::owned(fetch);
  Outcome outcomes[3];
  const auto first = ask_in_task(bench.cache, owned, outcomes[0]);
  const auto second = ask_in_task(bench.cache, owned, outcomes[1]);
  CHECK(!outcomes[0].is_done());
  bench.loop.run_until([&] { return outcomes[0].is_done() && outcomes[1].is_done(); });
  CHECK(outcomes[0].answer == "a in the loop");
  CHECK(outcomes[1].answer == "a in the loop");
  CHECK(bench.begun == 1);
  const auto third = ask_in_task(bench.cache, owned, outcomes[2]);
  CHECK(third.isReady());
  CHECK(outcomes[2].answer == "a in the loop");
  CHECK(bench.cache.stats<Cards>().hits == 1);
}

TEST_CASE("P2: what a QCoro task throws reaches all who wait, and is not stored") {
  Bench bench;
  bench.fails = true;
  const auto fetch = [&bench](const std::string& key) { return bench.fetch_in_loop(key); };
  const auto owned = tiercache::owned(fetch);
  Outcome outcomes[2];
  const auto task = ask_in_task(bench.cache, owned, outcomes[0]);
  const auto stranger = ask<Cards>(bench.cache, "a", bench.event);
  const auto other = ask_in_task(bench.cache, owned, outcomes[1]);
  bench.loop.run_until([&] { return outcomes[0].is_done() && outcomes[1].is_done(); });
  CHECK(outcomes[0].error == "no a");
  CHECK(outcomes[1].error == "no a");
  CHECK_THROWS_WITH(stranger.get(), "no a");
  CHECK(bench.cache.size<Cards>() == 0);
}

TEST_CASE("P1: a QCoro task joins a fetch of another kind, and takes it over when that one leaves") {
  Bench bench;
  const auto fetch = [&bench](const std::string& key) { return bench.fetch(key); };
  auto leader = ask<Cards>(bench.cache, "a", bench.event);
  Outcome outcome;
  const auto task = ask_in_task(bench.cache, tiercache::owned(fetch), outcome);
  SECTION("it joins") {
    bench.event.complete("value");
    CHECK(outcome.answer == "value");
  }
  SECTION("it takes over") {
    leader.leave();
    CHECK(bench.event.started() == 2);
    bench.event.complete("value");
    CHECK(outcome.answer == "a value");
  }
}

TEST_CASE("P5: a QCoro task that is told to stop leaves its owned fetch at once, and that goes on for the others") {
  Bench bench;
  const auto fetch = [&bench](const std::string& key) { return bench.fetch(key); };
  std::stop_source stop;
  Outcome stopped;
  Outcome other;
  const auto leader = ask_until(bench.cache, tiercache::owned(fetch), stop.get_token(), stopped);
  const auto waiter = ask_in_task(bench.cache, tiercache::owned(fetch), other);
  stop.request_stop();
  CHECK(stopped.error == "stopped");
  CHECK(!other.is_done());
  bench.event.complete("value");
  CHECK(other.answer == "a value");
  CHECK(bench.event.started() == 1);
}

TEST_CASE("P5: a QCoro task that is a fetch goes on when its caller is destroyed") {
  Bench bench;
  const auto fetch = [&bench](const std::string& key) { return bench.fetch(key); };
  const auto owned = tiercache::owned(fetch);
  auto leader = ask<Cards>(bench.cache, "a", owned);
  Outcome outcome;
  const auto waiter = ask_in_task(bench.cache, owned, outcome);
  leader.leave();
  CHECK(bench.event.destroyed() == 0);
  bench.event.complete("value");
  CHECK(outcome.answer == "a value");
  CHECK(bench.cache.get<Cards>("a") == "a value");
}

TEST_CASE("a loader may return a QCoro task") {
  Bench bench;
  bench.cache.set_loader<Cards>([&bench](const std::string& key) { return bench.fetch_in_loop(key); });
  std::string answer;
  const auto caller = [&]() -> QCoro::Task<void> { answer = co_await bench.cache.get_or_fetch<Cards>("a"); };
  const auto task = caller();
  bench.loop.run_until([&] { return task.isReady(); });
  CHECK(answer == "a in the loop");
}
