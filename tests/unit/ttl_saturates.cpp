#include "catch.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <ratio>

namespace {

using std::chrono::duration;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using tiercache::forever;
using tiercache::Ttl;

constexpr std::int64_t most = (std::numeric_limits<std::int64_t>::max)();
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

constexpr std::int64_t count(Ttl ttl) {
  return ttl.duration().count();
}

// Zero or more, and remembered as given.
constexpr bool is(Ttl ttl, std::int64_t length) {
  return count(ttl) == length && ttl.is_set() && !ttl.is_negative();
}
constexpr bool is_refused(Ttl ttl) {
  return count(ttl) == 0 && ttl.is_set() && ttl.is_negative();
}

}  // namespace

TEST_CASE("P8: a duration that is too long to count becomes forever") {
  CHECK(is((hours::max)(), most));
  CHECK(is((minutes::max)(), most));
  CHECK(is((seconds::max)(), most));
  CHECK(is((milliseconds::max)(), most));
  CHECK(is((microseconds::max)(), most));
  CHECK(is((nanoseconds::max)(), most));
  CHECK((hours::max)() == forever);
  CHECK(is(seconds(std::int64_t{1} << 40), most));
  CHECK(is(seconds(9'223'372'036), 9'223'372'036'000'000'000));
  CHECK(is(seconds(9'223'372'037), most));
  CHECK(is(hours(2'562'047), 2'562'047 * std::int64_t{3'600'000'000'000}));
  CHECK(is(hours(2'562'048), most));
  CHECK(is(duration<std::int64_t, std::ratio<31'556'952>>(300), most));
  // 50,000,000 thirds of a nanosecond each; the last one that can be counted, and those after it.
  using Frames = duration<std::int64_t, std::ratio<1, 60>>;
  CHECK(is(Frames(553'402'322'211), 9'223'372'036'850'000'000));
  CHECK(is(Frames(553'402'322'212), most));
  CHECK(is(Frames(553'402'322'213), most));
  CHECK(is(duration<double>(1e300), most));
  CHECK(is(duration<double>(infinity), most));
  CHECK(is(duration<float, std::ratio<3600>>(std::numeric_limits<float>::infinity()), most));
  CHECK(is((duration<double>::max)(), most));
  CHECK(is(duration<double, std::nano>(9223372036854775808.0), most));
}

TEST_CASE("P8: a negative duration and a NaN count as zero and can be refused") {
  CHECK(is_refused(seconds(-1)));
  CHECK(is_refused(nanoseconds(-1)));
  CHECK(is_refused((nanoseconds::min)()));
  CHECK(is_refused((seconds::min)()));
  CHECK(is_refused((hours::min)()));
  CHECK(is_refused(duration<std::int64_t, std::pico>(-1)));
  CHECK(is_refused(duration<double>(-0.5)));
  CHECK(is_refused(duration<double>(-infinity)));
  CHECK(is_refused(duration<double>(not_a_number)));
  CHECK(is_refused((duration<double>::min)()));
  CHECK(is(duration<double>(-0.0), 0));
}

TEST_CASE("A duration is counted in whole nanoseconds") {
  CHECK(is(seconds(0), 0));
  CHECK(is(nanoseconds(1), 1));
  CHECK(is(seconds(5'000'000'000), 5'000'000'000'000'000'000));
  CHECK(is(hours(24), 86'400'000'000'000));
  CHECK(is(duration<double>(0.25), 250'000'000));
  CHECK(is(duration<float>(1.5F), 1'500'000'000));
  CHECK(is(duration<long double>(1e-9L / 2), 0));
  CHECK(is(duration<double, std::nano>(1.75), 1));
  CHECK(is(duration<std::int64_t, std::pico>(999), 0));
  CHECK(is(duration<std::int64_t, std::pico>(1'001), 1));
  CHECK(is((duration<std::int64_t, std::pico>::max)(), most / 1'000));
  CHECK(is((duration<std::int64_t, std::femto>::max)(), most / 1'000'000));
}

TEST_CASE("A duration may count in any integer") {
  CHECK(is(duration<std::uint8_t>(255), 255'000'000'000));
  CHECK(is(duration<std::int8_t>(127), 127'000'000'000));
  CHECK(is_refused(duration<std::int8_t>(-128)));
  CHECK(is(duration<short, std::milli>(32'767), 32'767'000'000));
  CHECK(is(duration<std::uint32_t>(4'294'967'295U), 4'294'967'295'000'000'000));
  CHECK(is((duration<std::uint64_t>::max)(), most));
  CHECK(is((duration<std::uint64_t, std::nano>::max)(), most));
  CHECK(is(duration<std::uint64_t, std::nano>(std::uint64_t{most} + 1), most));
  CHECK(is((duration<std::uint64_t, std::milli>::max)(), most));
  CHECK(is((duration<std::uint64_t, std::pico>::max)(), 18'446'744'073'709'551));
}

TEST_CASE("A duration may have any period") {
  using Frames = duration<int, std::ratio<1, 60>>;
  CHECK(is(Frames(60), 1'000'000'000));
  CHECK(is(Frames(1), 16'666'666));
  CHECK(is(duration<std::int64_t, std::ratio<1001, 30'000>>(30'000), 1'001'000'000'000));
  CHECK(is(duration<std::int64_t, std::ratio<1, 32'768>>(32'768), 1'000'000'000));
  CHECK(is((duration<std::int64_t, std::ratio<1, 60>>::max)(), most));
  CHECK(is(duration<std::int64_t, std::ratio<1, 2'400'000'000>>(2'400'000'000), 1'000'000'000));
  CHECK(is((duration<std::int64_t, std::ratio<1, 2'400'000'000>>::max)(), 3'843'071'682'022'823'252));
}

TEST_CASE("A Ttl is converted while compiling") {
  static_assert(is((hours::max)(), most));
  static_assert(is(seconds(60), 60'000'000'000));
  static_assert(is(duration<int, std::ratio<1, 60>>(30), 500'000'000));
  static_assert(is(duration<double>(0.5), 500'000'000));
  static_assert(is_refused(duration<double>(not_a_number)));
  static_assert(is_refused((nanoseconds::min)()));
  static_assert(is((duration<std::uint64_t>::max)(), most));
  SUCCEED("it compiled");
}

TEST_CASE("A Ttl that was not given says so and counts as zero") {
  CHECK_FALSE(Ttl::unset().is_set());
  CHECK_FALSE(Ttl::unset().is_negative());
  CHECK(count(Ttl::unset()) == 0);
  CHECK(is(Ttl(), 0));
}

TEST_CASE("Ttls compare by length") {
  CHECK(Ttl(seconds(60)) == Ttl(minutes(1)));
  CHECK(Ttl(seconds(59)) < Ttl(minutes(1)));
  CHECK(Ttl(hours(1)) < forever);
  CHECK(Ttl(seconds(-1)) == Ttl(seconds(0)));
  CHECK(Ttl::unset() == Ttl(nanoseconds(-1)));
  CHECK((Ttl(seconds(-1)) <=> Ttl()) == std::strong_ordering::equal);
  CHECK(Ttl(nanoseconds(1)) > Ttl());
}

#if defined(__SIZEOF_INT128__)
TEST_CASE("A Ttl of a number of 128 bits saturates, too") {
  __extension__ using Wide = __int128;
  constexpr Wide too_long = (Wide{1} << 64) + 5;
  CHECK(Ttl(std::chrono::duration<Wide, std::nano>(too_long)) == tiercache::forever);
  CHECK(Ttl(std::chrono::duration<Wide, std::pico>(too_long)) == Ttl(std::chrono::nanoseconds(18'446'744'073'709'551)));
  CHECK(Ttl(std::chrono::duration<Wide>(7)) == Ttl(seconds(7)));
}
#endif
