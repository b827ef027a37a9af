// A random program of all operations on two tiers, with failing, absent and overtaken fetches; after each operation,
// and inside each fetch as far as they can hold there, the sums that tier_stats.hpp states.
#include "catch.hpp"
#include "expected.hpp"
#include "manual_time.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>

namespace {

using namespace std::chrono_literals;
using support::ManualCache;
using tiercache::CacheEntry;
using tiercache::ManualClock;
using tiercache::TierPolicy;
using tiercache::TierStats;

struct Words : tiercache::Tier<int, std::string> {
  static constexpr TierPolicy policy{.ttl = 1min, .not_found_ttl = 10s, .capacity = 6};
  static std::size_t weigh(int key, const std::string&) { return static_cast<std::size_t>(key % 4); }
};

struct Motto : tiercache::Tier<tiercache::Unkeyed, std::string> {
  static constexpr TierPolicy policy{.ttl = 20s, .not_found_ttl = 10s};
};

using StringOrError = support::Expected<std::string, int>;

struct FetchFailed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Program {
 public:
  explicit Program(unsigned seed) : seed_(seed), random_(seed) {}

  void run() {
    for (step_ = 0; step_ < 4000; ++step_) {
      some_operation(0);
      check<Words>(words_at_reset_);
      check<Motto>(motto_at_reset_);
      expect(cache_.stats<Words>().in_flight == 0, "nothing is in flight at rest");
      expect(cache_.stats<Motto>().in_flight == 0, "nothing is in flight at rest");
    }
    everything_happened();
  }

 private:
  unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }

  void some_operation(int depth) {
    const int key = static_cast<int>(below(9));
    switch (below(22)) {
      case 0:
        return cache_.put<Words>(key, "put");
      case 1:
        return cache_.put<Words>(key, "put", 0s);
      case 2:
        return cache_.put<Words>(key, CacheEntry<std::string>{.value = "put", .ttl = 5s});
      case 3:
        return cache_.put<Motto>("put");
      case 4:
        static_cast<void>(cache_.get<Words>(key));
        return;
      case 5:
        static_cast<void>(cache_.get<Motto>());
        return;
      case 6:
        cache_.visit<Words>(key, [](const std::string&) {});
        return;
      case 7:
        cache_.invalidate<Words>(key);
        return;
      case 8:
        cache_.invalidate<Motto>();
        return;
      case 9:
        cache_.invalidate_if<Words>([key](int other, const std::string&) { return other < key; });
        return;
      case 10:
        if (below(4) == 0) cache_.clear();
        return;
      case 11:
        cache_.trim<Words>(below(8));
        return;
      case 12:
        cache_.purge_expired();
        return;
      case 13:
        return set_policy();
      case 14:
        if (depth == 0 && below(8) == 0) reset_stats();
        return;
      case 15:
      case 16:
        return ManualClock::advance(std::chrono::seconds(below(30)));
      default:
        return depth < 2 ? fetch(key, depth) : static_cast<void>(cache_.get<Words>(key));
    }
  }

  // Other operations may come in between, among them a fetch of the same key.
  void work(int depth) {
    if (below(2) == 0) some_operation(depth + 1);
    if (below(6) == 0) throw FetchFailed("as the program wants it");
  }

  void fetch(int key, int depth) {
    try {
      switch (below(5)) {
        case 0:
          static_cast<void>(cache_
                                .get_or_fetch<Words>(key,
                                                     [&] {
                                                       work(depth);
                                                       return "fetched";
                                                     })
                                .get());
          return;
        case 1:
          static_cast<void>(cache_
                                .get_or_fetch<Words>(key,
                                                     [&]() -> std::optional<std::string> {
                                                       work(depth);
                                                       if (below(2) == 0) return std::nullopt;
                                                       return "fetched";
                                                     })
                                .get());
          return;
        case 2:
          static_cast<void>(cache_
                                .get_or_fetch<Words>(key,
                                                     [&] {
                                                       work(depth);
                                                       return below(2) == 0
                                                                  ? StringOrError(support::Unexpected<int>{404})
                                                                  : StringOrError("fetched");
                                                     })
                                .get());
          return;
        case 3:
          static_cast<void>(cache_
                                .get_or_fetch<Words>(key,
                                                     [&] {
                                                       work(depth);
                                                       return CacheEntry<std::string>{.value = "fetched", .ttl = 2s};
                                                     })
                                .get());
          return;
        default:
          static_cast<void>(cache_
                                .get_or_fetch<Motto>([&]() -> std::optional<std::string> {
                                  work(depth);
                                  if (below(2) == 0) return std::nullopt;
                                  return "fetched";
                                })
                                .get());
      }
    } catch (const FetchFailed&) {
    } catch (const tiercache::recursive_fetch&) {
      ++refused_;
    }
  }

  void set_policy() {
    TierPolicy policy = Words::policy;
    policy.capacity = below(8);
    policy.trim_to = below(2) == 0 ? policy.capacity / 2 : 0;
    policy.max_weight = below(3) == 0 ? 2 : tiercache::unbounded;
    policy.ttl = std::chrono::seconds(below(60));
    policy.not_found_ttl = std::chrono::seconds(below(3) * 10);
    cache_.set_policy<Words>(policy);
  }

  void reset_stats() {
    add_totals(cache_.stats<Words>());
    cache_.reset_stats();
    words_at_reset_ = cache_.stats<Words>();
    motto_at_reset_ = cache_.stats<Motto>();
    expect(words_at_reset_.lookups == 0 && words_at_reset_.inserts == 0, "reset_stats");
  }

  template <class T>
  void check(const TierStats& at_reset) {
    const TierStats s = cache_.stats<T>();
    expect(s.lookups == s.hits + s.misses, "lookups = hits + misses");
    expect(s.hits >= s.stale_hits + s.not_found_hits, "hits include stale_hits and not_found_hits");
    expect(s.misses == s.fetches_led + s.fetches_joined + s.lookups_without_fetch,
           "misses = fetches_led + fetches_joined + lookups_without_fetch");
    expect(s.inserts - s.evictions - s.expirations - s.invalidations == s.entries - at_reset.entries,
           "inserts - evictions - expirations - invalidations = entries");
    expect(s.entries == cache_.size<T>(), "entries = size");
  }

  // A sum of zeros proves nothing.
  void everything_happened() {
    add_totals(cache_.stats<Words>());
    expect(totals_.hits > 0 && totals_.not_found_hits > 0 && totals_.misses > 0, "lookups were counted");
    expect(totals_.fetches_led > 0 && totals_.lookups_without_fetch > 0, "fetches were counted");
    expect(totals_.fetch_failures > 0 && totals_.superseded > 0 && totals_.store_failures > 0, "failures were counted");
    expect(totals_.inserts > 0 && totals_.updates > 0, "stores were counted");
    expect(totals_.evictions > 0 && totals_.expirations > 0 && totals_.invalidations > 0, "removals were counted");
    expect(refused_ > 0, "a fetch asked for its own key");
  }

  void add_totals(const TierStats& stats) {
    for (const auto counter : tiercache::detail::counters) totals_.*counter += stats.*counter;
  }

  void expect(bool holds, const char* what) const {
    if (!holds) FAIL("seed " << seed_ << ", step " << step_ << ": " << what);
  }

  ManualCache<Words, Motto> cache_;
  TierStats words_at_reset_;
  TierStats motto_at_reset_;
  TierStats totals_;
  int refused_ = 0;
  int step_ = 0;
  unsigned seed_;
  std::mt19937 random_;
};

}  // namespace

TEST_CASE("P11: the numbers add up after every operation of a random program") {
  for (unsigned seed = 1; seed <= 8; ++seed) {
    ManualClock::reset();
    Program program(seed);
    REQUIRE_NOTHROW(program.run());
  }
}
