#include "catch.hpp"
#include "soak_history.hpp"
#include "soak_player.hpp"
#include "soak_tiers.hpp"
#include "soak_world.hpp"
#include "watchdog.hpp"

#include <tiercache/tiercache.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

// The sanitizers have memory of their own, and keep what was freed.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TIERCACHE_TEST_SANITIZES 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TIERCACHE_TEST_SANITIZES 1
#endif
#endif
#if defined(__GLIBC__) && !defined(TIERCACHE_TEST_SANITIZES)
#if __GLIBC_PREREQ(2, 33)
#include <malloc.h>
#include <unistd.h>
#define TIERCACHE_TEST_MEASURES_MEMORY 1
#endif
#endif

namespace {

using namespace soak;

[[nodiscard]] std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// How much memory the program holds; 0 where that cannot be told.
struct Memory {
  /// Bytes that were allocated and not freed.
  std::size_t allocated = 0;
  /// Bytes of pages that are resident.
  std::size_t resident = 0;
};
[[nodiscard]] Memory memory_now() {
  Memory memory;
#if defined(TIERCACHE_TEST_MEASURES_MEMORY)
  const struct ::mallinfo2 information = ::mallinfo2();
  memory.allocated = information.uordblks + information.hblkhd;
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  memory.resident = pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
#endif
  return memory;
}

class Soak {
 public:
  explicit Soak(std::uint64_t seed) {
    for (std::size_t i = 0; i < thread_count; ++i) {
      players_.push_back(std::make_unique<Player>(world_, i, seed * thread_count + i));
    }
    prepare<Stale>();
    prepare<Absent>();
    prepare<Weighed>();
    prepare<Newest>();
  }

  /// Has the threads do so many operations together, and come to rest.
  void play(std::uint64_t operations) {
    std::atomic<std::size_t> busy = thread_count;
    std::vector<std::thread> threads;
    for (const auto& player : players_) {
      threads.emplace_back([&, operations] { player->play(operations / thread_count, busy); });
    }
    for (std::thread& thread : threads) thread.join();
    for (const auto& player : players_) player->clear();
  }

  void check_at_rest() {
    CHECK(world_.findings.summary() == "nothing");
    CHECK(world_.callers == 0);
    std::int64_t held = 0;
    held += check_tier<Stale>();
    held += check_tier<Absent>();
    held += check_tier<Weighed>();
    held += check_tier<Newest>();
    CHECK(Counted::alive() == held);
  }

  /// A mixture that leaves something out would tell nothing about it.
  void check_all_happened() const {
    for (const tiercache::TierStats& stats : world_.cache->stats()) {
      INFO("tier " << stats.name);
      CHECK(stats.hits > 0);
      CHECK((stats.name != Stale::name || stats.stale_hits > 0));
      CHECK((stats.name != Absent::name || stats.not_found_hits > 0));
      CHECK(stats.fetches_joined > 0);
      CHECK(stats.fetch_failures > 0);
      CHECK(stats.updates > 0);
      CHECK(stats.evictions > 0);
      CHECK(stats.expirations > 0);
      CHECK(stats.invalidations > 0);
      CHECK(stats.superseded > 0);
      CHECK(stats.store_failures > 0);
    }
    CHECK(world_.renewals > 0);
  }

  /// Destroys the cache while fetches are under way, and ends them.
  void end() {
    players_.front()->begin_some();
    CHECK(world_.callers > 0);
    world_.cache.reset();
    players_.front()->end_all();
    CHECK(world_.callers == 0);
    CHECK(world_.findings.summary() == "nothing");
    CHECK(Counted::alive() == 0);
  }
  [[nodiscard]] std::uint64_t checked() const { return world_.checked; }

 private:
  template <class T>
  void prepare() {
    world_.cache->on_removal<T>(Listener<T>{&world_});
    world_.cache->set_loader<T>(FetchAtOnce<T>{&world_});
  }

  /// Returns how many values the tier holds.
  template <class T>
  std::int64_t check_tier() {
    INFO("tier " << T::name);
    const Cache& cache = *world_.cache;
    const tiercache::TierStats stats = cache.stats<T>();
    CHECK(stats.in_flight == 0);
    CHECK(stats.lookups == stats.hits + stats.misses);
    CHECK(stats.hits >= stats.stale_hits + stats.not_found_hits);
    CHECK(stats.misses == stats.fetches_led + stats.fetches_joined + stats.lookups_without_fetch);
    CHECK(stats.inserts - stats.evictions - stats.expirations - stats.invalidations == stats.entries);
    CHECK(stats.entries <= cache.policy<T>().capacity);
    CHECK(stats.weight <= cache.policy<T>().max_weight);
    CHECK(stats.entries == cache.size<T>());
    check_removals<T>(stats);

    std::uint64_t values = 0;
    for (std::uint32_t number = 0; number < key_count; ++number) {
      const Moment settled = world_.history.settled(T::index, number);
      const auto entry = cache.peek<T>(key_of<typename T::key_type>(number));
      if (!entry) continue;
      ++values;
      world_.check<T>(number, entry->value, settled, "peek at rest");
    }
    if (T::policy.not_found_ttl == tiercache::Ttl{}) CHECK(values == stats.entries);
    CHECK(values <= stats.entries);
    CHECK(world_.findings.summary() == "nothing");
    return static_cast<std::int64_t>(values);
  }

  /// The listener was told of each value once. Of "there is none" it is not told, and what is renewed does not leave.
  template <class T>
  void check_removals(const tiercache::TierStats& stats) {
    using enum tiercache::RemovalCause;
    const auto told = [this](auto... causes) {
      return (world_.removed[T::index][static_cast<std::size_t>(causes)].load() + ...);
    };
    const std::uint64_t evicted = told(Evicted, Trimmed);
    const std::uint64_t invalidated = told(Invalidated, Cascaded, Cleared);
    if (T::policy.not_found_ttl == tiercache::Ttl{}) {
      CHECK(evicted == stats.evictions);
      CHECK(told(Expired) == stats.expirations);
      CHECK(invalidated == stats.invalidations);
      CHECK(stats.updates <= told(Replaced) + (T::index == Stale::index ? world_.renewals.load() : 0));
    }
    CHECK(evicted <= stats.evictions);
    CHECK(told(Expired) <= stats.expirations);
    CHECK(invalidated <= stats.invalidations);
    CHECK(told(Replaced) <= stats.updates);
  }

  World world_;
  std::vector<std::unique_ptr<Player>> players_;
};

}  // namespace

TEST_CASE(
    "P2-P8, P11, P12: after any mixture of calls, faults and cancellations by four threads nothing is left behind") {
  const std::uint64_t operations = from_environment("TIERCACHE_SOAK_OPERATIONS", 400'000);
  const std::uint64_t seed = from_environment("TIERCACHE_SOAK_SEED", 1);
  const bool is_long = operations >= 1'000'000;
  const std::string replay = "TIERCACHE_SOAK_SEED=" + std::to_string(seed);
  const std::string hung = replay + ": threads wait for ever";
  INFO(replay);
  Soak soak(seed);
  constexpr int parts = 10;
  Memory early;
  Memory late;
  for (int part = 1; part <= parts; ++part) {
    const support::Watchdog watchdog(hung.c_str());
    soak.play(operations / parts);
    soak.check_at_rest();
    late = memory_now();
    if (part == 1) early = late;
    if (!is_long) continue;
    std::printf("%2d/%d: %zu bytes allocated, %zu resident, %llu answers checked\n", part, parts, late.allocated,
                late.resident, static_cast<unsigned long long>(soak.checked()));
    std::fflush(stdout);
  }
  if (operations >= 100'000) soak.check_all_happened();
  // What is kept for use again grows for a while: places for as many fetches and entries as there ever were at a time,
  // which the number of callers bounds. One entry or fetch lost in a hundred operations is more than this in the short
  // run already.
  CHECK(late.allocated <= early.allocated + 256 * 1024);
  // The system may give each thread's stack and heap 2 MiB at a time.
  if (is_long) CHECK(late.resident <= early.resident + 16 * 1024 * 1024);
  soak.end();
}
