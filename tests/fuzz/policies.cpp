// A libFuzzer target: any bytes are a policy, and another that follows it. Either it is refused, or what it promises
// holds: bounds, deadlines, sums. For how to build it, see operations.cpp; it needs neither tests/model nor its flag.
#include "configs.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>

namespace {

using std::chrono::nanoseconds;
using tiercache::ManualClock;

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::seconds(1)};
  static std::size_t weigh(int key, const std::string&) { return static_cast<std::size_t>(key); }
};
using Cache = tiercache::BasicTieredCache<support::Local, Cards>;

/// The bytes, taken from the front; zeros when there are no more.
class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) noexcept : data_(data), left_(size) {}
  template <class T>
  [[nodiscard]] T next() noexcept {
    T value{};
    const std::size_t size = sizeof value < left_ ? sizeof value : left_;
    if (size != 0) std::memcpy(&value, data_, size);
    data_ += size;
    left_ -= size;
    return value;
  }
  [[nodiscard]] tiercache::Ttl ttl() noexcept {
    // Mostly one that makes sense: what is refused is soon found.
    const auto kind = next<std::uint8_t>();
    if (kind % 8 == 0) return nanoseconds(next<std::int64_t>());
    return nanoseconds(next<std::uint32_t>() >> kind % 32);
  }
  [[nodiscard]] double fraction() noexcept {
    return next<std::uint8_t>() % 8 == 0 ? next<double>() : next<std::uint8_t>() / 255.0;
  }

 private:
  const std::uint8_t* data_;
  std::size_t left_;
};

tiercache::TierPolicy some_policy(Bytes& bytes) {
  tiercache::TierPolicy policy = Cards::policy;
  policy.ttl = bytes.ttl();
  policy.stale_for = bytes.ttl();
  policy.stale_if_error = bytes.ttl();
  policy.retry_after = bytes.ttl();
  policy.idle_for = bytes.ttl();
  policy.not_found_ttl = bytes.ttl();
  policy.jitter = bytes.fraction();
  policy.capacity = bytes.next<std::uint8_t>() % 2 != 0 ? bytes.next<std::uint8_t>() % 8 : bytes.next<std::size_t>();
  policy.trim_to = bytes.next<std::uint8_t>() % 4 != 0 ? 0 : bytes.next<std::uint8_t>() % 8;
  policy.max_weight = bytes.next<std::size_t>();
  policy.expected_hit_rate = bytes.fraction();
  return policy;
}

void expect(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", promise);
  std::abort();
}

void use(Cache& cache, Bytes& bytes) {
  const auto some = [](int key) { return std::to_string(key); };
  const auto none = [](int) { return std::optional<std::string>(); };
  const auto fail = [](int) -> std::string { throw std::runtime_error("no"); };
  for (int step = 0; step < 24; ++step) {
    const int key = bytes.next<std::uint8_t>() % 12;
    switch (bytes.next<std::uint8_t>() % 6) {
      case 0:
        ManualClock::advance(bytes.ttl().duration());
        break;
      case 1:
        cache.put<Cards>(key, "put", bytes.ttl());
        break;
      case 2:
        static_cast<void>(cache.get_or_fetch<Cards>(key, none).get());
        break;
      case 3:
        try {
          static_cast<void>(cache.get_or_fetch<Cards>(key, fail).get());
        } catch (const std::runtime_error&) {}
        break;
      case 4:
        static_cast<void>(cache.get_or_fetch<Cards>(key, tiercache::owned(some)).get());
        break;
      default:
        cache.put<Cards>(key, "put");
    }
    const tiercache::TierPolicy policy = cache.policy<Cards>();
    const tiercache::TierStats stats = cache.stats<Cards>();
    expect(stats.entries <= policy.capacity && stats.weight <= policy.max_weight, "P7: a bound does not hold");
    expect(stats.lookups == stats.hits + stats.misses, "P11: lookups are hits and misses");
    expect(stats.inserts - stats.evictions - stats.expirations - stats.invalidations == stats.entries,
           "P11: what was stored and did not leave is there");
    const auto peeked = cache.peek<Cards>(key);
    const bool is_seen = cache.get<Cards>(key).has_value();
    expect(!is_seen || (peeked && peeked->is_fresh(ManualClock::now())), "P8: what is past its deadline is shown");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  ManualClock::reset();
  try {
    Cache cache(tiercache::with<Cards>(some_policy(bytes)));
    use(cache, bytes);
    try {
      cache.set_policy<Cards>(some_policy(bytes));
    } catch (const std::invalid_argument&) {}
    use(cache, bytes);
  } catch (const std::invalid_argument&) {}  // a policy that makes no sense
  return 0;
}
