#include "allocations.hpp"
#include "catch.hpp"
#include "manual_time.hpp"

#include <chrono>
#include <cstddef>
#include <new>
#include <string>

namespace {

using namespace std::chrono_literals;
using support::FailingAllocation;
using support::ManualCache;
using tiercache::ManualClock;

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
using Cache = ManualCache<Cards>;

const std::string value = "a value too long for the string's own buffer";

std::string key(int number) {
  return "a key too long for the string's own buffer " + std::to_string(number);
}

// With each number of entries from none on, so that the index has to grow at some of them.
constexpr int sizes = 20;

void fill(Cache& cache, int size) {
  ManualClock::reset();
  for (int number = 1; number <= size; ++number) cache.put<Cards>(key(number), value);
}

// Puts, with the allocation after the next `before` failing; tells whether one failed.
bool put_fails(Cache& cache, const std::string& put_key, std::ptrdiff_t before) {
  const FailingAllocation failing(before);
  try {
    cache.put<Cards>(put_key, value);
  } catch (const std::bad_alloc&) {
    return true;
  }
  return FailingAllocation::has_failed();  // none may fail unnoticed
}

}  // namespace

TEST_CASE("A put that runs out of memory has changed nothing") {
  for (int size = 0; size < sizes; ++size) {
    Cache cache;
    fill(cache, size);
    const auto before = cache.stats();
    std::ptrdiff_t failures = 0;
    while (put_fails(cache, key(0), failures)) {
      REQUIRE(cache.stats() == before);
      REQUIRE_FALSE(cache.peek<Cards>(key(0)));
      ++failures;
    }
    CHECK(failures >= 2);  // the key and the value
    CHECK(cache.get<Cards>(key(0)) == value);
    CHECK(cache.size<Cards>() == static_cast<std::size_t>(size) + 1);
    for (int number = 1; number <= size; ++number) REQUIRE(cache.get<Cards>(key(number)) == value);
  }
}

TEST_CASE("A put that runs out of memory does not overtake a fetch that is under way") {
  for (int size = 0; size < sizes; ++size) {
    for (std::ptrdiff_t failures = 0;; ++failures) {
      Cache cache;
      fill(cache, size);
      bool has_failed = false;
      const auto fetch = [&] {
        has_failed = put_fails(cache, key(0), failures);
        return "fetched";
      };
      REQUIRE(cache.get_or_fetch<Cards>(key(0), fetch).get() == "fetched");
      REQUIRE(cache.get<Cards>(key(0)) == (has_failed ? "fetched" : value));
      REQUIRE(cache.stats<Cards>().superseded == (has_failed ? 0 : 1));
      if (!has_failed) break;
    }
  }
}
