#include "catch.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <functional>
#include <string>

namespace {

using namespace std::chrono_literals;
using tiercache::ManualClock;

/// A lock for which everybody has to wait: for as long as the test says.
struct SlowThreading : tiercache::MultiThreaded {
  struct Mutex {
    void lock() noexcept {
      if (wait > 0s) ManualClock::advance(wait);
    }
    void unlock() noexcept {}
    static inline std::chrono::seconds wait{};
  };
};
struct Config {
  using clock = ManualClock;
  using threading = SlowThreading;
};

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 60s};
};
struct Unusual : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 60s, .idle_for = 60s, .jitter = 0.01};
};

template <class T>
using Cache = tiercache::BasicTieredCache<Config, T>;

/// Stores a value that expires while the next one waits for the lock, and runs `read` as that one.
template <class T>
void read_in_the_last_second(const std::function<void(Cache<T>&)>& read) {
  ManualClock::reset();
  Cache<T> cache;
  cache.template put<T>(1, "old");
  const auto entry = cache.template peek<T>(1);
  ManualClock::advance(entry->expires_at() - ManualClock::now() - 1s);
  CHECK(cache.template get<T>(1) == "old");
  SlowThreading::Mutex::wait = 1s;
  read(cache);
  SlowThreading::Mutex::wait = 0s;
}

}  // namespace

TEMPLATE_TEST_CASE("P8: what expires while a call waits for the lock is not fresh to it", "", Cards, Unusual) {
  using T = TestType;
  SECTION("get") {
    read_in_the_last_second<T>([](Cache<T>& cache) { CHECK_FALSE(cache.template get<T>(1)); });
  }
  SECTION("visit") {
    read_in_the_last_second<T>([](Cache<T>& cache) {
      CHECK_FALSE(cache.template visit<T>(1, [](const std::string&) { FAIL("there is nothing to visit"); }));
    });
  }
  SECTION("get_or_fetch") {
    read_in_the_last_second<T>([](Cache<T>& cache) {
      const auto fetch = [] { return std::string("new"); };
      CHECK(cache.template get_or_fetch<T>(1, fetch).get() == "new");
    });
  }
  SECTION("a put, which replaces what has expired") {
    read_in_the_last_second<T>([](Cache<T>& cache) {
      cache.template put<T>(1, "new");
      CHECK(cache.template stats<T>().expirations == 1);
      CHECK(cache.template stats<T>().updates == 0);
    });
  }
}
