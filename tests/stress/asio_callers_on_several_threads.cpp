#include <boost/asio.hpp>
#include <tiercache/asio.hpp>

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "catch.hpp"

namespace {

namespace asio = boost::asio;

struct Pages : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::hours(1), .capacity = 8};
};

// Empty: what an exception that several threads catch holds is freed under a count inside the standard library, which
// ThreadSanitizer does not see.
struct Refused {};

struct Load {
  tiercache::TieredCache<Pages> cache;
  std::atomic<int> answered = 0;
  std::atomic<int> failed = 0;
  std::atomic<int> cancelled = 0;
  std::atomic<int> wrong = 0;

  asio::awaitable<std::string> fetch(int key, int round) {
    co_await asio::post(asio::use_awaitable);  // goes on on any thread
    if (round % 7 == 0) throw Refused();
    co_await asio::post(asio::use_awaitable);
    co_return std::to_string(key);
  }

  asio::awaitable<void> call(int caller) {
    for (int round = 0; round < 200; ++round) {
      const int key = (caller * 31 + round) % 20;
      const auto fetch_page = [this, round](const int& asked) { return fetch(asked, round); };
      try {
        const std::string page = co_await tiercache::get_or_fetch<Pages>(cache, key, fetch_page);
        ++answered;
        if (page != std::to_string(key)) ++wrong;
      } catch (const Refused&) {
        ++failed;
      } catch (const boost::system::system_error&) {
        ++cancelled;
        co_return;
      }
      if (round % 11 == 0) cache.invalidate<Pages>(key);
      if (round % 50 == 0) cache.clear();
    }
  }
};

}  // namespace

TEST_CASE("P1-P5: asio callers on several threads, with failures, invalidations and cancellations") {
  Load load;
  constexpr int callers = 64;
  asio::thread_pool pool(4);
  std::vector<asio::cancellation_signal> cancel(callers);
  std::vector<asio::strand<asio::thread_pool::executor_type>> strands;
  for (int i = 0; i < callers; ++i) {
    strands.push_back(asio::make_strand(pool));
    asio::co_spawn(strands.back(), load.call(i),
                   asio::bind_cancellation_slot(cancel[static_cast<std::size_t>(i)].slot(), asio::detached));
  }
  for (std::size_t i = 0; i < callers; i += 8) {
    asio::post(strands[i], [&signal = cancel[i]] { signal.emit(asio::cancellation_type::terminal); });
  }
  pool.join();

  CHECK(load.wrong == 0);
  CHECK(load.answered + load.failed + load.cancelled >= (callers - callers / 8) * 200);
  const tiercache::TierStats stats = load.cache.stats<Pages>();
  CHECK(stats.in_flight == 0);
  CHECK(stats.lookups == stats.hits + stats.misses);
  CHECK(stats.misses == stats.fetches_led + stats.fetches_joined + stats.lookups_without_fetch);
  CHECK(stats.inserts - stats.evictions - stats.expirations - stats.invalidations == stats.entries);
  CHECK(stats.entries <= 8);
}

TEST_CASE("P5: io_contexts that are destroyed while a fetch ends on another thread") {
  for (int round = 0; round < 300; ++round) {
    tiercache::TieredCache<Pages> cache;
    asio::thread_pool pool(2);
    std::atomic<int> answered = 0;
    const auto fetch = [](const int& key) -> asio::awaitable<std::string> {
      co_await asio::post(asio::use_awaitable);
      co_await asio::post(asio::use_awaitable);
      co_return std::to_string(key);
    };
    const auto call = [&]() -> asio::awaitable<void> {
      static_cast<void>(co_await tiercache::get_or_fetch<Pages>(cache, 1, fetch));
      ++answered;
    };
    {
      asio::io_context dying;
      asio::co_spawn(pool, call(), asio::detached);
      for (int i = 0; i < 3; ++i) asio::co_spawn(dying, call(), asio::detached);
      dying.poll();
    }
    pool.join();
    REQUIRE(answered >= 1);
    REQUIRE(cache.stats<Pages>().in_flight == 0);
  }
}
