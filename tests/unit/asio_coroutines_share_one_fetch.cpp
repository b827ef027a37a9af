#include "asio_gate.hpp"
#include "catch.hpp"
#include "joined.hpp"
#include "watchdog.hpp"

#include <atomic>
#include <future>
#include <string>
#include <thread>

using namespace support;

TEST_CASE("P1: asio coroutines that ask for a key share one fetch, and the next one hits") {
  tiercache::ManualClock::reset();
  AsioCache cache;
  asio::io_context context;
  Gate gate(context);
  Caller callers[3];
  for (Caller& caller : callers) asio::co_spawn(context, caller.ask(cache, gate, "home"), asio::detached);
  context.poll();
  CHECK(gate.begun == 1);
  CHECK(cache.stats<Pages>().in_flight == 1);

  gate.open();
  context.poll();
  for (const Caller& caller : callers) CHECK(caller.answer == "home #1");

  Caller late;
  asio::co_spawn(context, late.ask(cache, gate, "home"), asio::detached);
  context.restart();
  context.poll();
  CHECK(late.answer == "home #1");
  const tiercache::TierStats stats = cache.stats<Pages>();
  CHECK(stats.fetches_led == 1);
  CHECK(stats.fetches_joined == 2);
  CHECK(stats.hits == 1);
  CHECK(stats.in_flight == 0);
}

TEST_CASE("P2: an exception in an asio fetch reaches all who wait, and the next one fetches anew") {
  tiercache::ManualClock::reset();
  AsioCache cache;
  asio::io_context context;
  Gate gate(context);
  gate.fails = true;
  Caller callers[3];
  for (Caller& caller : callers) asio::co_spawn(context, caller.ask(cache, gate, "home"), asio::detached);
  context.poll();
  gate.open();
  context.poll();
  for (const Caller& caller : callers) CHECK(caller.error == "no home");
  CHECK(cache.size<Pages>() == 0);

  Gate next(context);
  Caller late;
  asio::co_spawn(context, late.ask(cache, next, "home"), asio::detached);
  context.restart();
  context.poll();
  next.open();
  context.poll();
  CHECK(late.answer == "home #1");
}

TEST_CASE("P4: an invalidation beats an asio fetch that is under way") {
  tiercache::ManualClock::reset();
  AsioCache cache;
  asio::io_context context;
  Gate gate(context);
  Caller caller;
  asio::co_spawn(context, caller.ask(cache, gate, "home"), asio::detached);
  context.poll();
  cache.invalidate<Pages>("home");
  gate.open();
  context.poll();
  CHECK(caller.answer == "home #1");
  CHECK_FALSE(cache.get<Pages>("home"));
  CHECK(cache.stats<Pages>().superseded == 1);
}

TEST_CASE("an asio coroutine, a plain thread's get and a fetcher that answers at once share a cache") {
  tiercache::ManualClock::reset();
  AsioCache cache;
  asio::io_context context;
  std::string answer;
  std::string again;
  const auto at_once = [](const std::string& key) { return key + " at once"; };
  const auto ask = [&]() -> asio::awaitable<void> {
    answer = co_await tiercache::get_or_fetch<Pages>(cache, "home", at_once);
    again = co_await tiercache::get_or_fetch<Pages>(cache, "home", at_once);
  };
  asio::co_spawn(context, ask(), asio::detached);
  context.poll();
  CHECK(answer == "home at once");
  CHECK(again == answer);
  CHECK(cache.get_or_fetch<Pages>("home", at_once).get() == answer);
  CHECK(cache.stats<Pages>().hits == 2);
}

TEST_CASE("P1: asio coroutines on a thread pool, and on a strand of one, share one fetch") {
  const Watchdog watchdog("asio coroutines on a thread pool hang");
  tiercache::ManualClock::reset();
  AsioCache cache;
  std::promise<std::string> page;
  std::atomic<int> fetched = 0;
  std::atomic<int> answered = 0;
  // On its own thread, so that all the others have to wait.
  const auto fetch = [&](const std::string&) {
    ++fetched;
    return page.get_future().get();
  };
  std::string leaders_answer;
  std::thread leader([&] { leaders_answer = cache.get_or_fetch<Pages>("home", fetch).get(); });
  while (fetched == 0) std::this_thread::yield();
  asio::thread_pool pool(2);
  const auto ask = [&]() -> asio::awaitable<void> {
    const std::string answer = co_await tiercache::get_or_fetch<Pages>(cache, "home", fetch);
    if (answer == "the page") ++answered;
  };
  const auto strand = asio::make_strand(pool);
  for (int i = 0; i < 8; ++i) {
    asio::co_spawn(pool, ask, asio::detached);
    asio::co_spawn(strand, ask, asio::detached);
  }
  support::wait_until_joined<Pages>(cache, 16);
  page.set_value("the page");
  leader.join();
  pool.join();
  CHECK(leaders_answer == "the page");
  CHECK(answered == 16);
  CHECK(fetched == 1);
}
