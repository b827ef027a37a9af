#include "catch.hpp"
#include "manual_time.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <optional>
#include <random>

namespace {

using namespace std::chrono_literals;
using support::ManualCache;
using tiercache::ManualClock;
using tiercache::TierPolicy;

constexpr std::size_t weights[] = {0, 1, 2, 7, std::size_t{1} << 32, tiercache::unbounded - 1, tiercache::unbounded};

template <class Order>
struct Blobs : tiercache::Tier<int, std::size_t> {
  static constexpr TierPolicy policy{.ttl = 1min, .not_found_ttl = 1min, .capacity = 3, .max_weight = 10};
  using eviction = Order;
  static std::size_t weigh(int, std::size_t value) { return value; }
};

template <class Order>
class Program {
  using T = Blobs<Order>;

 public:
  explicit Program(unsigned seed) : seed_(seed), random_(seed) {
    // A listener runs after the operation has done its work: for it, too, the bounds hold.
    cache_.template on_removal<T>([this](int, std::size_t, tiercache::RemovalCause) { check(); });
  }

  void run() {
    for (step_ = 0; step_ < 5000; ++step_) {
      some_operation();
      check();
    }
  }

 private:
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_()) % bound; }
  std::size_t some_weight() { return weights[below(std::size(weights))]; }

  void some_operation() {
    const int key = static_cast<int>(below(12));
    switch (below(10)) {
      default:
        return cache_.template put<T>(key, some_weight());
      case 4:
        static_cast<void>(cache_.template get_or_fetch<T>(key, [this] { return some_weight(); }).get());
        return;
      case 5:
        // What is remembered not to exist takes a place as well.
        static_cast<void>(cache_.template get_or_fetch<T>(key, [] { return std::optional<std::size_t>(); }).get());
        return;
      case 6:
        static_cast<void>(cache_.template get<T>(key));
        return;
      case 7:
        return ManualClock::advance(std::chrono::seconds(below(40)));
      case 8:
        cache_.template invalidate<T>(key);
        return;
      case 9:
        policy_.capacity = below(3) == 0 ? tiercache::unbounded : below(5);
        policy_.max_weight = some_weight();
        policy_.trim_to = below((std::min)(policy_.capacity, std::size_t{4}) + 1);
        return cache_.template set_policy<T>(policy_);
    }
  }

  void check() {
    const auto stats = cache_.template stats<T>();
    if (stats.entries > policy_.capacity || stats.weight > policy_.max_weight) {
      FAIL("seed " << seed_ << ", step " << step_ << ": " << stats.entries << " of " << policy_.capacity
                   << " entries weigh " << stats.weight << " of " << policy_.max_weight);
    }
  }

  ManualCache<T> cache_;
  TierPolicy policy_ = T::policy;
  int step_ = 0;
  unsigned seed_;
  std::mt19937 random_;
};

}  // namespace

TEMPLATE_TEST_CASE("P7: capacity and max_weight hold after every operation", "", tiercache::AdaptiveClock,
                   tiercache::OldestFirst, tiercache::Sieve, tiercache::Lru) {
  for (unsigned seed = 1; seed <= 8; ++seed) {
    ManualClock::reset();
    Program<TestType> program(seed);
    REQUIRE_NOTHROW(program.run());
  }
}
