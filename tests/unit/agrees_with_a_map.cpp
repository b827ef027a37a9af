// The model test: a random program runs on the cache and on a reference that is a std::map and plain loops. Every
// answer, every counter, every removal and every entry held is compared. What the cache is free to choose (when it
// reclaims an entry that is past its deadline) is learnt from the listener and checked to be allowed.
#include "catch.hpp"
#include "insides.hpp"
#include "manual_time.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <stdexcept>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using support::ManualCache;
using tiercache::CacheEntry;
using tiercache::ManualClock;
using tiercache::RemovalCause;
using tiercache::TierPolicy;
using tiercache::TierStats;
using tiercache::TimePoint;
using tiercache::Ttl;

template <class Order>
struct Numbers : tiercache::Tier<int, int> {
  static constexpr TierPolicy policy{.ttl = 1min};
  static constexpr std::string_view name = "numbers";
  using eviction = Order;
  static std::size_t weigh(int key, int value) { return static_cast<std::size_t>(key + value) % 5; }
};

struct FetchFailed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Held {
  int value;
  TimePoint stored_at;
  Ttl ttl;
  bool has_own_ttl;
  std::uint64_t written;
  std::uint64_t used;

  bool is_fresh() const { return ttl == tiercache::forever || ManualClock::now() - stored_at < ttl.duration(); }
};

struct Removal {
  int key;
  int value;
  RemovalCause cause;

  friend bool operator==(const Removal&, const Removal&) = default;
  friend bool operator<(const Removal& left, const Removal& right) {
    return std::tie(left.key, left.value, left.cause) < std::tie(right.key, right.value, right.cause);
  }
};

template <class Order>
class Program {
  using T = Numbers<Order>;

 public:
  Program(const TierPolicy& policy, int key_count, unsigned seed)
      : cache_(tiercache::with<T>(policy)), policy_(policy), key_count_(key_count), seed_(seed), random_(seed) {
    cache_.template on_removal<T>(
        [this](int key, int value, RemovalCause cause) { reported_.push_back({key, value, cause}); });
  }

  void run(int steps) {
    for (step_ = 0; step_ < steps; ++step_) {
      if (below(4) == 0) ManualClock::advance(some_advance());
      below(4) == 0 ? fetch(some_key()) : some_operation();
      compare();
    }
  }

 private:
  // Chance.

  unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }
  int some_key() { return static_cast<int>(below(static_cast<unsigned>(key_count_))); }
  int some_value() { return next_value_++; }
  Ttl some_advance() {
    static constexpr Ttl lengths[] = {0ns, 1ns, 1s, 29s, 1min, 1h};
    return lengths[below(6)];
  }
  Ttl some_ttl() {
    static constexpr Ttl ttls[] = {0ns, 1ns, 30s, 2min, tiercache::forever};
    return ttls[below(5)];
  }
  TimePoint some_stored_at() {
    switch (below(4)) {
      case 0:
        return {};
      case 1:
        return ManualClock::now() + 5s;
      case 2:
        return ManualClock::now();
      default:
        return ManualClock::now() - 20s;
    }
  }

  void some_operation() {
    const int key = some_key();
    switch (below(24)) {
      default:
        return put(key, some_value());
      case 10:
      case 11:
        return put(key, some_value(), some_ttl());
      case 12:
        return put(key, CacheEntry<int>{.value = some_value(), .stored_at = some_stored_at(), .ttl = some_ttl()});
      case 13:
      case 14:
      case 15:
        return get(key);
      case 16:
        return visit(key);
      case 17:
        return invalidate(key);
      case 18:
        return invalidate_if(static_cast<int>(below(6)));
      case 19:
        return trim(below(static_cast<unsigned>(key_count_)));
      case 20:
        return purge();
      case 21:
        return below(8) == 0 ? forget_all() : get(key);
      case 22:
        return set_policy();
      case 23:
        if (below(8) != 0) return get(key);
        cache_.reset_stats();
        counted_ = {};
    }
  }

  // The operations, each on the cache and then on the reference.

  void get(int key) {
    const std::optional<int> answer = cache_.template get<T>(key);
    expect(answer == read(key), "get");
  }

  void visit(int key) {
    std::optional<int> seen;
    const bool found = cache_.template visit<T>(key, [&seen](int value) { seen = value; });
    expect(found == seen.has_value() && seen == read(key), "visit");
  }

  void put(int key, int value) {
    cache_.template put<T>(key, value);
    superseded_.push_back(key);
    write(key, value, ManualClock::now(), std::nullopt);
    expect_no_more_reports();
  }

  void put(int key, int value, Ttl ttl) {
    cache_.template put<T>(key, value, ttl);
    superseded_.push_back(key);
    write(key, value, ManualClock::now(), ttl);
    expect_no_more_reports();
  }

  void put(int key, const CacheEntry<int>& entry) {
    cache_.template put<T>(key, entry);
    superseded_.push_back(key);
    write(key, entry.value, believed(entry.stored_at, ManualClock::now()), entry.ttl);
    expect_no_more_reports();
  }

  void fetch(int key) {
    const std::optional<int> expected = held_fresh(key);
    const unsigned form = below(4);
    const int value = some_value();
    TimePoint started{};
    CacheEntry<int> entry{.value = value, .stored_at = some_stored_at(), .ttl = some_ttl()};
    const auto work = [&] {
      expect(!expected, "a fetch runs though there is a fresh value");
      started = ManualClock::now();
      ++counted_.lookups;
      ++counted_.misses;
      ++counted_.fetches_led;
      superseded_.clear();
      ManualClock::advance(some_advance());
      if (below(4) == 0) some_operation();
      if (form == 0) throw FetchFailed("as the program wants it");
    };

    std::optional<int> answer;
    try {
      if (form == 1) {
        answer = cache_
                     .template get_or_fetch<T>(key,
                                               [&] {
                                                 work();
                                                 return entry;
                                               })
                     .get();
      } else {
        answer = cache_
                     .template get_or_fetch<T>(key,
                                               [&](int asked) {
                                                 expect(asked == key, "the fetcher's key");
                                                 work();
                                                 return value;
                                               })
                     .get();
      }
    } catch (const FetchFailed&) {
      expect(form == 0, "only the fetcher fails");
    }

    if (expected) {
      expect(answer == expected && read(key) == expected, "get_or_fetch hits");
    } else if (form == 0) {
      expect(!answer, "a failed fetch has no answer");
      ++counted_.fetch_failures;
    } else {
      expect(answer == value, "get_or_fetch misses");
      const bool is_superseded = std::find_if(superseded_.begin(), superseded_.end(), [key](int other) {
                                   return other == key || other == every_key;
                                 }) != superseded_.end();
      if (is_superseded) {
        ++counted_.superseded;
      } else if (form == 1) {
        write(key, value, believed(entry.stored_at, started), entry.ttl);
      } else {
        write(key, value, started, std::nullopt);
      }
    }
    expect_no_more_reports();
  }

  void invalidate(int key) {
    const std::size_t dropped = cache_.template invalidate<T>(key);
    superseded_.push_back(key);
    std::vector<Removal> expected;
    if (const auto held = held_.find(key); held != held_.end()) {
      expected.push_back({key, held->second.value, RemovalCause::Invalidated});
    }
    expect(dropped == expected.size(), "invalidate");
    leave(expected, counted_.invalidations);
  }

  void invalidate_if(int remainder) {
    const auto is_meant = [remainder](int key, int value) { return (key + value) % 6 == remainder; };
    const std::size_t dropped = cache_.template invalidate_if<T>(is_meant);
    superseded_.push_back(every_key);
    std::vector<Removal> expected;
    for (const auto& [key, held] : held_) {
      if (is_meant(key, held.value)) expected.push_back({key, held.value, RemovalCause::Invalidated});
    }
    expect(dropped == expected.size(), "invalidate_if");
    leave(expected, counted_.invalidations);
  }

  void forget_all() {
    const bool is_clear = below(2) == 0;
    const std::size_t dropped = is_clear ? cache_.clear() : cache_.template invalidate<T>();
    superseded_.push_back(every_key);
    std::vector<Removal> expected;
    for (const auto& [key, held] : held_) {
      expected.push_back({key, held.value, is_clear ? RemovalCause::Cleared : RemovalCause::Invalidated});
    }
    expect(dropped == expected.size(), "clear");
    leave(expected, counted_.invalidations);
  }

  void trim(std::size_t count) {
    const std::size_t dropped = cache_.template trim<T>(count);
    std::vector<Removal> by_age;
    std::vector<std::pair<std::uint64_t, int>> ages;
    for (const auto& [key, held] : held_) ages.emplace_back(held.written, key);
    std::sort(ages.begin(), ages.end());
    for (std::size_t i = 0; i + count < ages.size(); ++i) {
      by_age.push_back({ages[i].second, held_.at(ages[i].second).value, RemovalCause::Trimmed});
    }
    expect(dropped == by_age.size(), "trim");
    leave(by_age, counted_.evictions);
  }

  void purge() {
    const std::size_t dropped = cache_.template purge_expired<T>();
    const std::vector<Removal> expected = dead();
    expect(dropped == expected.size(), "purge_expired");
    leave(expected, counted_.expirations);
  }

  void set_policy() {
    static constexpr Ttl ttls[] = {0ns, 1ns, 1min, 3min, tiercache::forever};
    policy_.ttl = ttls[below(5)];
    if (below(2) == 0) policy_.expected_hit_rate = 0.25 * below(5);
    if (policy_.capacity != tiercache::unbounded && policy_.capacity > 1) {
      policy_.capacity += below(3);
      policy_.capacity -= 1;
      policy_.trim_to = (std::min)(policy_.trim_to, policy_.capacity);
    }
    cache_.template set_policy<T>(policy_);

    for (const Removal& removal : dead()) {
      const auto report = std::find(reported_.begin(), reported_.end(), removal);
      expect(report != reported_.end(), "set_policy drops what is dead");
      reported_.erase(report);
      held_.erase(removal.key);
      ++counted_.expirations;
    }
    for (auto& [key, held] : held_) {
      if (!held.has_own_ttl) held.ttl = policy_.ttl;
    }
    make_room(0, 0);
    expect_no_more_reports();
  }

  // The reference.

  std::optional<int> held_fresh(int key) const {
    const auto found = held_.find(key);
    return found != held_.end() && found->second.is_fresh() ? std::optional(found->second.value) : std::nullopt;
  }

  std::optional<int> read(int key) {
    const std::optional<int> value = held_fresh(key);
    ++counted_.lookups;
    if (value) {
      ++counted_.hits;
      held_.at(key).used = ++time_;
    } else {
      ++counted_.misses;
      ++counted_.lookups_without_fetch;
    }
    return value;
  }

  static TimePoint believed(TimePoint claimed, TimePoint latest) {
    return claimed == TimePoint{} ? latest : (std::min)(claimed, latest);
  }

  void write(int key, int value, TimePoint stored_at, std::optional<Ttl> own_ttl) {
    const std::size_t weight = T::weigh(key, value);
    const Held written{value, stored_at, own_ttl ? *own_ttl : policy_.ttl, own_ttl.has_value(), time_ + 1, time_ + 1};
    const auto old = held_.find(key);
    const std::size_t others = weight_held() - (old != held_.end() ? T::weigh(key, old->second.value) : 0);
    const bool fits = policy_.capacity > 0 && weight <= policy_.max_weight &&
                      (written.is_fresh() || others + weight <= policy_.max_weight);
    bool is_update = false;
    if (const auto held = old; held != held_.end()) {
      const bool was_fresh = held->second.is_fresh();
      const RemovalCause cause = !was_fresh ? RemovalCause::Expired
                                 : fits     ? RemovalCause::Replaced
                                            : RemovalCause::Evicted;
      expect(next_report() == Removal{key, held->second.value, cause}, "the replaced entry is reported");
      if (!was_fresh) ++counted_.expirations;
      if (was_fresh && !fits) ++counted_.evictions;
      is_update = was_fresh;
      held_.erase(held);
    }
    if (!fits) {
      ++counted_.store_failures;
      return;
    }
    if (!make_room(1, weight, written.is_fresh())) {
      ++counted_.store_failures;
      return;
    }
    is_update ? ++counted_.updates : ++counted_.inserts;
    ++time_;
    held_[key] = written;
  }

  bool has_room(std::size_t count, std::size_t weight) const {
    return held_.size() + count <= policy_.capacity && weight_held() + weight <= policy_.max_weight;
  }

  // Follows the cache: it may drop what is dead at any time, and what lives only in order and only if it must: not for
  // what is dead itself. Tells whether there is room.
  bool make_room(std::size_t count, std::size_t weight, bool is_fresh = true) {
    bool is_trimming = false;
    while (!reported_.empty()) {
      const Removal removal = next_report();
      const auto found = held_.find(removal.key);
      expect(found != held_.end() && found->second.value == removal.value, "what leaves was there");
      if (removal.cause == RemovalCause::Expired) {
        expect(!found->second.is_fresh(), "what expires is not fresh");
        ++counted_.expirations;
      } else {
        expect(is_fresh, "nothing that lives goes for what is dead");
        expect(removal.cause == RemovalCause::Evicted, "the cause is Evicted");
        expect(removal.key == victim(), "the right entry is evicted");
        expect(!has_room(count, weight) || (is_trimming && held_.size() + count > policy_.trim_to),
               "only as many are evicted as must be");
        is_trimming = policy_.trim_to != 0;
        ++counted_.evictions;
      }
      held_.erase(found);
    }
    if (!is_fresh && !has_room(count, weight)) return false;
    expect(has_room(count, weight), "the bounds hold");
    expect(!is_trimming || held_.size() + count <= policy_.trim_to, "trim_to holds");
    return true;
  }

  int victim() const {
    const auto order = [](const auto& entry) {
      return std::is_same_v<Order, tiercache::Lru> ? entry.second.used : entry.second.written;
    };
    return std::min_element(held_.begin(), held_.end(),
                            [&order](const auto& left, const auto& right) { return order(left) < order(right); })
        ->first;
  }

  std::size_t weight_held() const {
    std::size_t weight = 0;
    for (const auto& [key, held] : held_) weight += T::weigh(key, held.value);
    return weight;
  }

  std::vector<Removal> dead() const {
    std::vector<Removal> removals;
    for (const auto& [key, held] : held_) {
      if (!held.is_fresh()) removals.push_back({key, held.value, RemovalCause::Expired});
    }
    return removals;
  }

  // What must have been reported, in any order unless they were trimmed.
  void leave(std::vector<Removal> expected, std::uint64_t& counter) {
    std::vector<Removal> reports(reported_.begin(), reported_.end());
    reported_.clear();
    if (!expected.empty() && expected.front().cause != RemovalCause::Trimmed) {
      std::sort(reports.begin(), reports.end());
      std::sort(expected.begin(), expected.end());
    }
    expect(reports == expected, "each entry that left is reported once");
    for (const Removal& removal : expected) held_.erase(removal.key);
    counter += expected.size();
  }

  Removal next_report() {
    expect(!reported_.empty(), "a removal is reported");
    const Removal removal = reported_.front();
    reported_.pop_front();
    return removal;
  }
  void expect_no_more_reports() { expect(reported_.empty(), "nothing else is reported"); }

  void compare() {
    TierStats expected = counted_;
    expected.name = "numbers";
    expected.entries = held_.size();
    expected.weight = weight_held();
    expected.expected_hit_rate = policy_.expected_hit_rate;
    expect(cache_.template stats<T>() == expected, "stats");
    expect(cache_.template size<T>() == held_.size(), "size");
    expect(cache_.template policy<T>() == policy_, "policy");
    for (int key = 0; key < key_count_; ++key) {
      if (key_count_ > 20 && below(10) != 0) continue;  // a sample will do
      const std::optional<CacheEntry<int>> seen = cache_.template peek<T>(key);
      const auto found = held_.find(key);
      expect(seen.has_value() == (found != held_.end()), "peek finds what is held");
      if (!seen) continue;
      expect(seen->value == found->second.value && seen->stored_at == found->second.stored_at &&
                 seen->ttl == found->second.ttl && seen->is_fresh(ManualClock::now()) == found->second.is_fresh(),
             "peek shows the entry");
    }
    expect(cache_.template stats<T>() == expected, "peek counts nothing");
    const char* const fault = support::fault_inside<T>(cache_);
    expect(fault == nullptr, fault);
  }

  // A REQUIRE for each of a million comparisons would take most of the time.
  void expect(bool holds, const char* what) const {
    if (holds) return;
    FAIL("seed " << seed_ << ", step " << step_ << ": " << what);
  }

  static constexpr int every_key = -1;

  ManualCache<T> cache_;
  std::deque<Removal> reported_;

  TierPolicy policy_;
  std::map<int, Held> held_;
  TierStats counted_;
  std::uint64_t time_ = 0;
  std::vector<int> superseded_;

  int key_count_;
  int next_value_ = 0;
  int step_ = 0;
  unsigned seed_;
  std::mt19937 random_;
};

template <class Order>
void run_with(std::size_t capacity, std::size_t trim_to) {
  static constexpr Ttl ttls[] = {0ns, 1ns, 1min, tiercache::forever};
  const bool is_large = capacity >= 100;
  for (const Ttl ttl : ttls) {
    for (const std::size_t max_weight : {tiercache::unbounded, std::size_t{is_large ? 100U : 3U}}) {
      for (unsigned seed = 1; seed <= 2; ++seed) {
        CAPTURE(capacity, trim_to, ttl.duration().count(), max_weight);
        ManualClock::reset();
        const TierPolicy policy{.ttl = ttl, .capacity = capacity, .trim_to = trim_to, .max_weight = max_weight};
        Program<Order> program(policy, is_large ? 150 : 8, seed);
        REQUIRE_NOTHROW(program.run(is_large ? 1500 : 600));
      }
    }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("The cache gives the answers of a plain map with deadlines", "", tiercache::OldestFirst,
                   tiercache::Lru) {
  for (const std::size_t capacity :
       {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{100}, tiercache::unbounded}) {
    run_with<TestType>(capacity, 0);
  }
  run_with<TestType>(3, 1);
  run_with<TestType>(3, 3);
  run_with<TestType>(100, 50);
}
