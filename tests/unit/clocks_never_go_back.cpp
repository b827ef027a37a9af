#include "catch.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <ctime>
#include <type_traits>

namespace {

using namespace std::chrono_literals;
using tiercache::CoarseClock;
using tiercache::ManualClock;
using tiercache::TickClock;
using tiercache::TimePoint;

struct WrongClock {
  static int now() { return 0; }
};

static_assert(tiercache::Clock<CoarseClock>);
static_assert(tiercache::Clock<TickClock>);
static_assert(tiercache::Clock<ManualClock>);
static_assert(tiercache::Clock<std::chrono::steady_clock>);
static_assert(!tiercache::Clock<std::chrono::system_clock>);
static_assert(!tiercache::Clock<WrongClock>);
static_assert(std::is_same_v<decltype(CoarseClock::now()), TimePoint>);

#ifdef CLOCK_BOOTTIME
/// What a program takes whose entries are to grow old while the machine is suspended: the library's clocks stand still.
struct BootClock {
  static TimePoint now() noexcept {
    ::timespec time{};
    ::clock_gettime(CLOCK_BOOTTIME, &time);
    return TimePoint(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
  }
};
#else
using BootClock = std::chrono::steady_clock;
#endif
static_assert(tiercache::Clock<BootClock>);

struct Cards : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};

template <class C>
struct OnClock {
  using clock = C;
  using threading = tiercache::SingleThreaded;
};

}  // namespace

TEST_CASE("The coarse clock is steady and keeps the time of the steady clock") {
  const TimePoint before = std::chrono::steady_clock::now();
  TimePoint last = CoarseClock::now();
  // It lags by a tick at most, and then only behind.
  CHECK(last > before - 1s);
  CHECK(last <= std::chrono::steady_clock::now());
  for (int i = 0; i < 1000; ++i) {
    const TimePoint now = CoarseClock::now();
    CHECK_FALSE(now < last);
    last = now;
  }
}

TEST_CASE("The tick clock stands still but for its ticks") {
  TickClock::tick();
  const TimePoint ticked = TickClock::now();
  const TimePoint coarse = CoarseClock::now();
  CHECK(ticked <= coarse);
  // Until the clock it is set by has moved, however often that must be asked.
  while (CoarseClock::now() == coarse) {}
  CHECK(TickClock::now() == ticked);
  TickClock::tick();
  CHECK(TickClock::now() > ticked);
  CHECK(TickClock::now() <= CoarseClock::now());
}

TEST_CASE("The manual clock moves only by hand") {
  ManualClock::reset();
  const TimePoint start = ManualClock::now();
  CHECK(start > TimePoint{});
  CHECK(ManualClock::now() == start);
  ManualClock::advance(90s);
  ManualClock::advance(1ns);
  CHECK(ManualClock::now() == start + 90s + 1ns);
  ManualClock::advance(-5s);
  ManualClock::advance(0s);
  CHECK(ManualClock::now() == start + 90s + 1ns);
  ManualClock::advance((std::chrono::hours::max)());
  CHECK(ManualClock::now() == (TimePoint::max)());
  ManualClock::advance(1ns);
  CHECK(ManualClock::now() == (TimePoint::max)());
  ManualClock::reset();
  CHECK(ManualClock::now() == start);
}

TEMPLATE_TEST_CASE("A cache runs on any clock", "", CoarseClock, TickClock, ManualClock, std::chrono::steady_clock,
                   BootClock) {
  tiercache::BasicTieredCache<OnClock<TestType>, Cards> cache;
  cache.template put<Cards>(1, 10, 24h);
  cache.template put<Cards>(2, 20, 0s);
  CHECK(cache.template get<Cards>(1) == 10);
  CHECK_FALSE(cache.template get<Cards>(2));
}
