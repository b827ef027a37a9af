// Points in time and lengths of time as the cache counts them: nanoseconds that saturate instead of wrapping.
// All arithmetic on deadlines lives here. Where the time comes from is the business of clock.hpp.
#pragma once

#include <tiercache/detail/compiler.hpp>

#include <chrono>
#include <compare>
#include <concepts>
#include <cstdint>
#include <limits>
#include <utility>

namespace tiercache {

/// A point in time, in nanoseconds since the epoch of `std::chrono::steady_clock`. Every clock of the cache returns it.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

/// A time to live: a length of time in nanoseconds that is never negative and never wraps.
///
/// It converts from every `std::chrono::duration`. One that is too long to be counted in nanoseconds (over 292 years,
/// `hours::max()` among them) becomes `forever`; a negative one and a NaN count as zero and are remembered as negative,
/// so that a policy which holds one can be refused.
class Ttl {
 public:
  /// Makes a length of zero: what is stored with it is never fresh.
  constexpr Ttl() noexcept = default;

  /// Converts from any duration. Saturates; truncates to whole nanoseconds.
  template <class Rep, class Period>
  constexpr Ttl(std::chrono::duration<Rep, Period> length) noexcept : count_(saturated(length)) {}

  /// Makes a length that was never given: what `TierPolicy::ttl` and `CacheEntry::ttl` hold before the user sets them.
  /// Counts as zero.
  [[nodiscard]] static constexpr Ttl unset() noexcept {
    Ttl ttl;
    ttl.count_ = unset_count;
    return ttl;
  }

  /// Returns the length, zero or more.
  [[nodiscard]] constexpr std::chrono::nanoseconds duration() const noexcept {
    return std::chrono::nanoseconds(count_ > 0 ? count_ : 0);
  }

  /// Tells whether this was made from a duration, as opposed to `unset()`.
  [[nodiscard]] constexpr bool is_set() const noexcept { return count_ != unset_count; }

  /// Tells whether this was made from a negative duration or a NaN.
  [[nodiscard]] constexpr bool is_negative() const noexcept { return count_ == negative_count; }

  /// Compares lengths; a negative and an unset one equal zero.
  [[nodiscard]] friend constexpr bool operator==(Ttl left, Ttl right) noexcept {
    return left.duration() == right.duration();
  }
  /// Orders by length; a negative and an unset one order as zero.
  [[nodiscard]] friend constexpr std::strong_ordering operator<=>(Ttl left, Ttl right) noexcept {
    return left.duration().count() <=> right.duration().count();
  }

 private:
  static constexpr std::int64_t negative_count = -1;
  static constexpr std::int64_t unset_count = -2;
  static constexpr std::int64_t longest_count = (std::numeric_limits<std::int64_t>::max)();

  template <class Rep, class Period>
  static constexpr std::int64_t saturated(std::chrono::duration<Rep, Period> length) noexcept {
    if (!(length.count() >= Rep{})) return negative_count;  // a NaN too, before anything is computed with it
    if constexpr (std::chrono::treat_as_floating_point_v<Rep>) {
      const auto count = std::chrono::duration<long double, std::nano>(length).count();
      return count < static_cast<long double>(longest_count) ? static_cast<std::int64_t>(count) : longest_count;
    } else {
      // Not by duration_cast: its product overflows for periods like 1/60 s.
      using Factor = std::ratio_divide<Period, std::nano>;
      constexpr auto factor = static_cast<std::uint64_t>(Factor::num);
      constexpr auto divisor = static_cast<std::uint64_t>(Factor::den);
      static_assert(factor <= (std::numeric_limits<std::uint64_t>::max)() / divisor);
      constexpr auto longest = static_cast<std::uint64_t>(longest_count);
      using Count = std::conditional_t<(sizeof(Rep) > sizeof(std::uint64_t)), Rep, std::uint64_t>;
      const auto count = static_cast<Count>(length.count());
      const std::uint64_t rest = static_cast<std::uint64_t>(count % divisor) * factor / divisor;
      if (count / divisor > (longest - rest) / factor) return longest_count;
      return static_cast<std::int64_t>(static_cast<std::uint64_t>(count / divisor) * factor + rest);
    }
  }

  std::int64_t count_ = 0;
};

/// The time to live that never ends.
inline constexpr Ttl forever = std::chrono::nanoseconds((std::chrono::nanoseconds::max)());

namespace detail {

/// Returns the point in time `ttl` after `start`, or the last one that can be expressed.
[[nodiscard]] constexpr TimePoint deadline_of(TimePoint start, Ttl ttl) noexcept {
  constexpr TimePoint last = (TimePoint::max)();
  // last - start overflows for a start before the epoch, and then no deadline can saturate.
  const bool saturates = start.time_since_epoch().count() > 0 && ttl.duration() > last - start;
  return saturates || ttl == forever ? last : start + ttl.duration();
}

/// Returns how long after `start` it is at `now`: zero if it is earlier, and at most `nanoseconds::max()`.
[[nodiscard]] constexpr std::chrono::nanoseconds elapsed(TimePoint start, TimePoint now) noexcept {
  if (now <= start) return std::chrono::nanoseconds::zero();
  const auto difference = static_cast<std::uint64_t>(now.time_since_epoch().count()) -
                          static_cast<std::uint64_t>(start.time_since_epoch().count());
  constexpr auto longest = (std::chrono::nanoseconds::max)();
  if (difference > static_cast<std::uint64_t>(longest.count())) return longest;
  return std::chrono::nanoseconds(static_cast<std::int64_t>(difference));
}

/// Tells whether what was stored at `start` and lives for `length`, not negative, is alive at `now`: before its
/// deadline, and not at it.
[[nodiscard]] constexpr bool is_alive(TimePoint now, TimePoint start, std::chrono::nanoseconds length) noexcept {
  // Wraps, to before the start, where the deadline is the last point in time.
  const auto end = static_cast<std::int64_t>(static_cast<std::uint64_t>(start.time_since_epoch().count()) +
                                             static_cast<std::uint64_t>(length.count()));
  if (now.time_since_epoch().count() < end) [[likely]] {
    return true;
  }
  // For ever has no deadline, not even the last point in time.
  const bool is_past_last = end < start.time_since_epoch().count();
  return length == (std::chrono::nanoseconds::max)() || (is_past_last && now < (TimePoint::max)());
}

}  // namespace detail
}  // namespace tiercache
