#include "catch.hpp"
#include "manual_time.hpp"

#include <chrono>
#include <limits>
#include <stdexcept>
#include <string>

namespace {

using namespace std::chrono_literals;
using support::ManualCache;
using tiercache::ManualClock;
using tiercache::TierPolicy;

struct Cards : tiercache::Tier<int, int> {
  static constexpr TierPolicy policy{.ttl = 1min, .capacity = 10};
  static constexpr std::string_view name = "cards";
};
struct Numbers : tiercache::Tier<int, int> {
  static constexpr TierPolicy policy{.ttl = 1min};
};

template <class T>
std::string complaint_of_with(const TierPolicy& policy) {
  try {
    static_cast<void>(tiercache::with<T>(policy));
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

// It names the tier and the field, and says what to give; and the tier is as it was.
void expect_refusal(const TierPolicy& policy, const std::string& field) {
  CAPTURE(field);
  const std::string complaint = complaint_of_with<Cards>(policy);
  CHECK(complaint.find("tiercache: cards: TierPolicy::" + field + " is ") == 0);
  CHECK(complaint.find(": give ") != std::string::npos);
  CHECK(complaint_of_with<Numbers>(policy).find("tiercache: Numbers: TierPolicy::" + field) == 0);

  ManualClock::reset();
  ManualCache<Cards> cache;
  cache.put<Cards>(1, 1);
  const auto before = cache.stats();
  CHECK_THROWS_AS(cache.set_policy<Cards>(policy), std::invalid_argument);
  CHECK(cache.policy<Cards>() == Cards::policy);
  CHECK(cache.stats() == before);
  CHECK(cache.get<Cards>(1) == 1);
  CHECK_THROWS_AS(ManualCache<Cards>(tiercache::with<Cards>(policy)), std::invalid_argument);
}

}  // namespace

TEST_CASE("A policy without a ttl is refused") {
  expect_refusal({}, "ttl");
  expect_refusal({.capacity = 5}, "ttl");
}

TEST_CASE("A policy with a negative duration is refused") {
  expect_refusal({.ttl = -1s}, "ttl");
  expect_refusal({.ttl = (std::chrono::nanoseconds::min)()}, "ttl");
  expect_refusal({.ttl = std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN())}, "ttl");
  expect_refusal({.ttl = 1s, .not_found_ttl = -1ns}, "not_found_ttl");
  expect_refusal({.ttl = 1s, .stale_for = -1ns}, "stale_for");
  expect_refusal({.ttl = 1s, .stale_if_error = -1ns}, "stale_if_error");
  expect_refusal({.ttl = 1s, .retry_after = -1ns}, "retry_after");
  expect_refusal({.ttl = 1s, .idle_for = -1ns}, "idle_for");
}

TEST_CASE("A policy with a jitter that is no fraction is refused") {
  expect_refusal({.ttl = 1s, .jitter = -0.1}, "jitter");
  expect_refusal({.ttl = 1s, .jitter = 20.0}, "jitter");
  expect_refusal({.ttl = 1s, .jitter = std::numeric_limits<double>::quiet_NaN()}, "jitter");
}

TEST_CASE("A policy with a trim_to above its capacity is refused") {
  expect_refusal({.ttl = 1s, .capacity = 10, .trim_to = 11}, "trim_to");
  expect_refusal({.ttl = 1s, .capacity = 0, .trim_to = 1}, "trim_to");
}

TEST_CASE("A policy with an expected hit rate that is no fraction is refused") {
  expect_refusal({.ttl = 1s, .expected_hit_rate = 90.0}, "expected_hit_rate");
  expect_refusal({.ttl = 1s, .expected_hit_rate = -0.1}, "expected_hit_rate");
  expect_refusal({.ttl = 1s, .expected_hit_rate = std::numeric_limits<double>::quiet_NaN()}, "expected_hit_rate");
}

TEST_CASE("A policy at the edge of what is allowed is taken") {
  CHECK(complaint_of_with<Cards>({.ttl = 0s}).empty());
  CHECK(complaint_of_with<Cards>({.ttl = tiercache::forever, .not_found_ttl = tiercache::forever}).empty());
  CHECK(complaint_of_with<Cards>({.ttl = 1s, .capacity = 0, .trim_to = 0, .max_weight = 0}).empty());
  CHECK(complaint_of_with<Cards>({.ttl = 1s, .capacity = 10, .trim_to = 10}).empty());
  CHECK(complaint_of_with<Cards>({.ttl = 1s, .trim_to = 10}).empty());
  CHECK(complaint_of_with<Cards>({.ttl = 1s, .expected_hit_rate = 0.0}).empty());
  CHECK(complaint_of_with<Cards>({.ttl = 1s, .expected_hit_rate = 1.0}).empty());
}
