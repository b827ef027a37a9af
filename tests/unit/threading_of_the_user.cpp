#include "catch.hpp"

#include <tiercache/tiercache.hpp>

#include <mutex>
#include <string>
#include <thread>

namespace {

struct Locked : tiercache::MultiThreaded {
  using Mutex = std::mutex;
};
struct Config {
  using clock = tiercache::ManualClock;
  using threading = Locked;
};
struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = tiercache::forever, .capacity = 8};
};

}  // namespace

TEST_CASE("any type with lock() and unlock() serves as the mutex of a configuration") {
  tiercache::BasicTieredCache<Config, Cards> cache;
  const auto work = [&cache](int first) {
    for (int id = first; id < first + 100; ++id) {
      const auto fetch = [](int key) { return std::to_string(key); };
      static_cast<void>(cache.get_or_fetch<Cards>(id % 10, fetch).get());
      static_cast<void>(cache.get<Cards>(id % 10));
    }
  };
  std::thread other(work, 50);
  work(0);
  other.join();
  const auto stats = cache.stats<Cards>();
  CHECK(stats.lookups == 400);
  CHECK(stats.hits + stats.misses == 400);
  CHECK(cache.size<Cards>() == 8);
}
