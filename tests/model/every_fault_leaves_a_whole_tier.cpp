// Every public operation, with each allocation failing in turn, and each call of the user's code throwing in turn:
// copies, moves, hashes and comparisons of keys and values, weighers, functions, listeners and executors. After each
// nobody is left waiting, the numbers add up, the bounds hold, the insides fit, and the key can be fetched again. What
// else such a failure must leave as it was is said in unit/what_throws_changes_nothing.cpp and its neighbours.
#include "allocations.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "expected.hpp"
#include "insides.hpp"
#include "running.hpp"

#include <tiercache/tiercache.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdlib>
#include <map>
#include <new>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using support::Allocations;
using support::Running;
using tiercache::CacheEntry;
using tiercache::ManualClock;
using tiercache::RemovalCause;

// Faults.

enum class Source : std::size_t {
  allocation,
  copy,
  move,
  hash,
  comparison,
  weigher,
  function,
  listener,
  executor,
  count
};
constexpr std::size_t source_count = static_cast<std::size_t>(Source::count);
constexpr std::string_view source_names[source_count] = {"allocation", "copy",     "move",     "hash",    "comparison",
                                                         "weigher",    "function", "listener", "executor"};

struct Thrown {};

Source source = Source::count;
std::ptrdiff_t calls_left = -1;

void may_throw(Source here) {
  if (source != here || calls_left < 0) return;
  if (calls_left-- == 0) throw Thrown();
}
void arm(Source its_source, std::ptrdiff_t before) {
  source = its_source;
  calls_left = its_source != Source::allocation ? before : -1;
  Allocations::until_failure = its_source == Source::allocation ? before : -1;
}
/// Tells whether anything failed since.
bool disarm() {
  const bool has_failed = source == Source::allocation ? Allocations::until_failure < 0 : calls_left < 0;
  source = Source::count;
  calls_left = Allocations::until_failure = -1;
  return has_failed;
}

// The cache.

/// A key or a value that owns memory, and whose every function may throw.
class Fragile {
 public:
  explicit Fragile(int number) : text_(std::to_string(number) + " and more than fits into a string's own buffer") {}
  Fragile(const Fragile& other) : text_(other.text_) { may_throw(Source::copy); }
  Fragile(Fragile&& other) noexcept(false) : text_((may_throw(Source::move), std::move(other.text_))) {}
  Fragile& operator=(const Fragile&) = delete;

  [[nodiscard]] int number() const { return std::atoi(text_.c_str()); }
  friend bool operator==(const Fragile& left, const Fragile& right) {
    may_throw(Source::comparison);
    return left.text_ == right.text_;
  }

 private:
  std::string text_;
};
struct FragileHash {
  std::size_t operator()(const Fragile& key) const {
    may_throw(Source::hash);
    return static_cast<std::size_t>(key.number() % 3);  // some collide, so that comparisons matter
  }
};

constexpr tiercache::TierPolicy all_features{.ttl = 1min,
                                             .stale_for = 10s,
                                             .stale_if_error = 1min,
                                             .retry_after = 5s,
                                             .idle_for = 10min,
                                             .not_found_ttl = 1h,
                                             .jitter = 0.01,
                                             .capacity = 4,
                                             .max_weight = 200};

template <class Eviction>
struct Boards : tiercache::Tier<Fragile, Fragile> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1h, .capacity = 3};
  using hash = FragileHash;
  using eviction = Eviction;
};
template <class Eviction>
struct Cards : tiercache::Tier<Fragile, Fragile> {
  static constexpr tiercache::TierPolicy policy = all_features;
  using hash = FragileHash;
  using eviction = Eviction;
  static std::size_t weigh(const Fragile&, const Fragile& value) {
    may_throw(Source::weigher);
    return static_cast<std::size_t>(value.number());
  }
  static constexpr auto also_invalidates = tiercache::cascade(
      tiercache::keys<Boards<Eviction>>([](const Fragile& key, const Fragile* cached) -> std::optional<Fragile> {
        may_throw(Source::function);
        if (cached == nullptr) return std::nullopt;
        return key;
      }),
      tiercache::where<Boards<Eviction>>([](const Fragile& key, const Fragile& board, const Fragile&) {
        may_throw(Source::function);
        return board.number() == key.number() + 1;
      }));
};

/// A fetch that ends when the test says so; whatever it then does may throw.
class Gate {
 public:
  Gate() { waiting_.reserve(8); }
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  struct Call {
    Gate& gate;
    std::coroutine_handle<> handle;

    explicit Call(Gate& its_gate) noexcept : gate(its_gate) {}
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    ~Call() { std::erase(gate.waiting_, handle); }
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) noexcept {
      handle = waiting;
      gate.waiting_.push_back(waiting);
    }
    std::optional<Fragile> await_resume() const {
      may_throw(Source::function);
      if (gate.finds_none) return std::nullopt;
      return std::optional<Fragile>(std::in_place, 50);
    }
  };
  Call operator()() {
    may_throw(Source::function);
    return Call(*this);
  }

  void open() {
    while (!waiting_.empty()) {
      const auto next = waiting_.front();
      waiting_.erase(waiting_.begin());
      next.resume();
    }
  }
  /// Destroys what awaits the fetch, as an executor that shuts down does.
  void drop() {
    if (waiting_.empty()) return;  // it failed before
    const auto next = waiting_.front();
    waiting_.erase(waiting_.begin());
    next.destroy();
  }

  bool finds_none = false;

 private:
  std::vector<std::coroutine_handle<>> waiting_;
};
/// The same, for who does not take "there is none".
struct ValueGate {
  Gate& gate;
  struct Call {
    Gate::Call call;
    explicit Call(Gate& its_gate) noexcept : call(its_gate) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) noexcept { call.await_suspend(waiting); }
    Fragile await_resume() const {
      may_throw(Source::function);
      return Fragile(50);
    }
  };
  Call operator()() const {
    may_throw(Source::function);
    return Call(gate);
  }
};

/// The same, for all who are missing.
struct ManyGate {
  Gate& gate;
  struct Call {
    Gate::Call call;
    std::size_t count;
    Call(Gate& its_gate, std::size_t its_count) noexcept : call(its_gate), count(its_count) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) noexcept { call.await_suspend(waiting); }
    std::vector<Fragile> await_resume() const { return values(count); }
  };
  Call operator()(const std::vector<Fragile>& missing) const {
    may_throw(Source::function);
    return Call(gate, missing.size());
  }

  [[nodiscard]] static std::vector<Fragile> values(std::size_t count) {
    may_throw(Source::function);
    std::vector<Fragile> made;
    made.reserve(count);
    while (made.size() < count) made.emplace_back(50);
    return made;
  }
};

bool drops_jobs = false;

constexpr auto post = [](auto job) {
  may_throw(Source::executor);
  if (!drops_jobs) job();
};

enum class Started : unsigned char { plainly, owned, posted, stoppably };

template <class T, Started started, class Cache, class F>
Running<bool> ask(Cache& cache, const Fragile& key, F& fetch, const std::stop_token& stop) {
  try {
    if constexpr (started == Started::owned) {
      static_cast<void>(co_await cache.template get_or_fetch<T>(key, tiercache::owned(ValueGate(fetch))));
    } else if constexpr (started == Started::posted) {
      static_cast<void>(co_await cache.template get_or_fetch<T>(key, fetch).resume_on(post));
    } else if constexpr (started == Started::stoppably) {
      static_cast<void>(co_await cache.template get_or_fetch<T>(key, fetch).stop_on(stop));
    } else {
      static_cast<void>(co_await cache.template get_or_fetch<T>(key, fetch));
    }
  } catch (...) {  // any failure is an answer
    co_return false;
  }
  co_return true;
}

template <class T, Started started, class Cache, class F>
Running<bool> ask_many(Cache& cache, const std::vector<Fragile>& keys, F& fetch) {
  try {
    if constexpr (started == Started::posted) {
      static_cast<void>(co_await cache.template get_or_fetch_many<T>(keys, fetch).resume_on(post));
    } else if constexpr (started == Started::owned) {
      static_cast<void>(co_await cache.template get_or_fetch_many<T>(keys, tiercache::owned(fetch)));
    } else {
      static_cast<void>(co_await cache.template get_or_fetch_many<T>(keys, fetch));
    }
  } catch (...) {  // any failure is an answer
    co_return false;
  }
  co_return true;
}

template <class Config, class Eviction>
struct Fixture {
  using T = Cards<Eviction>;
  using B = Boards<Eviction>;
  using Cache = tiercache::BasicTieredCache<Config, T, B>;

  // Empty, so that all that it needs is allocated for the first time; or with fresh entries, a dead one, one that is
  // served stale, and a key that is known not to exist.
  explicit Fixture(bool is_filled) {
    ManualClock::reset();
    reports[0] = 0;
    if (is_filled) fill();
    cache.template on_removal<T>([this](const Fragile&, const Fragile& value, RemovalCause) {
      ++reports[value.number()];
      may_throw(Source::listener);
    });
  }
  void fill() {
    cache.template put<T>(stale, Fragile(11));
    ManualClock::advance(62s);
    cache.template put<T>(held, Fragile(10));
    cache.template put<T>(dead, Fragile(12), 1s);
    static_cast<void>(cache.template get_or_fetch<T>(none, [] { return std::optional<Fragile>(); }).get());
    for (int key = 0; key < 3; ++key) cache.template put<B>(Fragile(key), Fragile(20 + key));
  }

  /// Checks that all is whole after a failure.
  void check() {
    check_tier<T>(4, 200);
    check_tier<B>(3, tiercache::unbounded);
    const Fragile key(9);
    const auto fetch = [] { return Fragile(9); };
    REQUIRE(cache.template get_or_fetch<T>(key, fetch).get().number() == 9);
    if (cache.template policy<T>().capacity > 1) REQUIRE(cache.template get<T>(key)->number() == 9);
    for (const Fragile& each : keys()) static_cast<void>(cache.template get_or_fetch<T>(each, fetch).get());
    check_tier<T>(4, 200);
    static_cast<void>(cache.clear());
    for (const auto& [value, count] : reports) {
      // The fetches of this check all bring the same value, 9, and 50 may be stored more than once.
      if (value != 9 && value != 50) REQUIRE(count <= 1);
    }
  }
  template <class Tier>
  void check_tier(std::size_t capacity, std::size_t max_weight) {
    const tiercache::TierStats s = cache.template stats<Tier>();
    REQUIRE(s.in_flight == 0);                                                                       // P3
    REQUIRE(s.entries <= capacity);                                                                  // P7
    REQUIRE(s.weight <= max_weight);                                                                 // P7
    REQUIRE(s.lookups == s.hits + s.misses);                                                         // P11
    REQUIRE(s.hits >= s.stale_hits + s.not_found_hits);                                              // P11
    REQUIRE(s.misses == s.fetches_led + s.fetches_joined + s.lookups_without_fetch);                 // P11
    if (!is_reset) REQUIRE(s.inserts - s.evictions - s.expirations - s.invalidations == s.entries);  // P11
    const char* const fault = support::fault_inside<Tier>(cache);
    REQUIRE(fault == nullptr);
  }

  /// Some of all kinds of keys.
  [[nodiscard]] std::vector<Fragile> keys() const {
    std::vector<Fragile> all;
    all.reserve(5);
    for (const Fragile* each : {&held, &stale, &dead, &none, &absent}) all.push_back(*each);
    return all;
  }

  const Fragile held{0};
  const Fragile stale{1};
  const Fragile dead{2};
  const Fragile none{3};
  const Fragile absent{4};
  std::map<int, int> reports;
  bool is_reset = false;
  std::stop_source stop;
  Cache cache;
};

/// Two who wait and a fetch that ends, as an operation.
template <Started started, class F>
void ask_twice(F& fixture, const Fragile& key, const auto& act) {
  using T = typename F::T;
  constexpr Started others = started == Started::owned ? Started::plainly : started;
  Gate gate;
  ValueGate value_gate{gate};
  Running<bool> first = ask<T, started>(fixture.cache, key, gate, fixture.stop.get_token());
  const Running<bool> second = ask<T, others>(fixture.cache, key, value_gate, {});
  act(gate, first);
  gate.open();
  REQUIRE(second.is_done());  // P3: nobody is left waiting
}

/// The same with one who waits for all keys, between two who wait for one of them.
template <Started started, class F>
void ask_for_many(F& fixture, const auto& act) {
  using T = typename F::T;
  const std::vector<Fragile> keys = fixture.keys();
  Gate gate;
  ValueGate value_gate{gate};
  const ManyGate many_gate{gate};
  const Running<bool> before = ask<T, Started::plainly>(fixture.cache, fixture.dead, gate, {});
  Running<bool> many = ask_many<T, started>(fixture.cache, keys, many_gate);
  const Running<bool> after = ask<T, Started::plainly>(fixture.cache, fixture.absent, value_gate, {});
  act(gate, many);
  gate.open();
  REQUIRE(before.is_done());
  REQUIRE(after.is_done());
}

template <class F>
struct Operation {
  std::string_view name;
  void (*run)(F&);
};

template <class F>
std::vector<Operation<F>> operations() {
  using T = typename F::T;
  using B = typename F::B;
  using Result = support::Expected<Fragile, Fragile>;
  return {
      {"get, held", [](F& f) { static_cast<void>(f.cache.template get<T>(f.held)); }},
      {"get, stale", [](F& f) { static_cast<void>(f.cache.template get<T>(f.stale)); }},
      {"get, none", [](F& f) { static_cast<void>(f.cache.template get<T>(f.none)); }},
      {"get, absent", [](F& f) { static_cast<void>(f.cache.template get<T>(f.absent)); }},
      {"peek", [](F& f) { static_cast<void>(f.cache.template peek<T>(f.dead)); }},
      {"visit", [](F& f) { f.cache.template visit<T>(f.held, [](const Fragile&) { may_throw(Source::function); }); }},
      {"put, new", [](F& f) { f.cache.template put<T>(f.absent, Fragile(30)); }},
      {"put, held", [](F& f) { f.cache.template put<T>(f.held, Fragile(30)); }},
      {"put, dead", [](F& f) { f.cache.template put<T>(f.dead, Fragile(30)); }},
      {"put, none", [](F& f) { f.cache.template put<T>(f.none, Fragile(30)); }},
      {"put, too heavy", [](F& f) { f.cache.template put<T>(f.held, Fragile(201)); }},
      {"put, heavy", [](F& f) { f.cache.template put<T>(f.absent, Fragile(195)); }},
      {"put with a TTL", [](F& f) { f.cache.template put<T>(f.absent, Fragile(30), 5s); }},
      {"put an entry",
       [](F& f) {
         const CacheEntry<Fragile> entry{.value = Fragile(30), .ttl = 5s};
         f.cache.template put<T>(f.absent, entry);
       }},
      {"fetch, held",
       [](F& f) { static_cast<void>(f.cache.template get_or_fetch<T>(f.held, [] { return Fragile(40); }).get()); }},
      {"fetch, absent",
       [](F& f) {
         static_cast<void>(f.cache
                               .template get_or_fetch<T>(f.absent,
                                                         [] {
                                                           may_throw(Source::function);
                                                           return Fragile(40);
                                                         })
                               .get());
       }},
      {"fetch, stale, by one who waits",
       [](F& f) {
         static_cast<void>(f.cache
                               .template get_or_fetch<T>(f.stale,
                                                         [] {
                                                           may_throw(Source::function);
                                                           return Fragile(40);
                                                         })
                               .get());
       }},
      {"fetch, stale, by one who does not",
       [](F& f) {
         const auto fetch = [] {
           may_throw(Source::function);
           return Fragile(40);
         };
         static_cast<void>(f.cache.template get_or_fetch<T>(f.stale, tiercache::owned(fetch)).get());
       }},
      {"fetch, young",
       [](F& f) {
         static_cast<void>(f.cache.template get_or_fetch<T>(f.held, [] { return Fragile(40); }).max_age(0s).get());
       }},
      {"fetch an entry",
       [](F& f) {
         const auto fetch = [] { return CacheEntry<Fragile>{.value = Fragile(40), .ttl = 5s}; };
         static_cast<void>(f.cache.template get_or_fetch<T>(f.absent, fetch).get());
       }},
      {"fetch none",
       [](F& f) {
         static_cast<void>(f.cache.template get_or_fetch<T>(f.dead, [] { return std::optional<Fragile>(); }).get());
       }},
      {"fetch an error",
       [](F& f) {
         const auto fetch = [] { return Result(support::Unexpected<Fragile>{Fragile(404)}); };
         static_cast<void>(f.cache.template get_or_fetch<T>(f.stale, fetch).get());
       }},
      {"fetch by the loader",
       [](F& f) {
         f.cache.template set_loader<T>([](const Fragile&) {
           may_throw(Source::function);
           return Fragile(40);
         });
         static_cast<void>(f.cache.template get_or_fetch<T>(f.absent).get());
       }},
      {"fetch what is not modified",
       [](F& f) {
         const auto fetch = [](const Fragile&, const CacheEntry<Fragile>* known) {
           may_throw(Source::function);
           return known != nullptr ? tiercache::Refetched<Fragile>(tiercache::NotModified{.ttl = 30min})
                                   : tiercache::Refetched<Fragile>(Fragile(50));
         };
         for (const Fragile* each : {&f.stale, &f.dead, &f.absent}) {
           static_cast<void>(f.cache.template get_or_fetch<T>(*each, fetch).get());
         }
       }},
      {"fetch many",
       [](F& f) {
         const auto fetch = [](const std::vector<Fragile>& missing) { return ManyGate::values(missing.size()); };
         static_cast<void>(f.cache.template get_or_fetch_many<T>(f.keys(), fetch).get());
       }},
      {"fetch many, and get others",
       [](F& f) {
         const auto fetch = [](const std::vector<Fragile>&) {
           may_throw(Source::function);
           std::vector<std::pair<Fragile, std::optional<Fragile>>> pairs;
           pairs.reserve(4);
           for (int key = 2; key < 6; ++key) pairs.emplace_back(Fragile(key), std::nullopt);
           pairs.front().second.emplace(50);
           pairs.back().second.emplace(50);
           return pairs;
         };
         static_cast<void>(f.cache.template get_or_fetch_many<T>(f.keys(), fetch).max_age(0s).get());
       }},
      {"await many", [](F& f) { ask_for_many<Started::plainly>(f, [](Gate&, Running<bool>&) {}); }},
      {"await many, of whom one is none",
       [](F& f) { ask_for_many<Started::plainly>(f, [](Gate& gate, Running<bool>&) { gate.finds_none = true; }); }},
      {"await many, and leave",
       [](F& f) { ask_for_many<Started::plainly>(f, [](Gate&, Running<bool>& many) { many.leave(); }); }},
      {"await many that belong to the cache, and leave",
       [](F& f) { ask_for_many<Started::owned>(f, [](Gate&, Running<bool>& many) { many.leave(); }); }},
      {"await many elsewhere", [](F& f) { ask_for_many<Started::posted>(f, [](Gate&, Running<bool>&) {}); }},
      {"await, and stop",
       [](F& f) {
         ask_twice<Started::stoppably>(f, f.absent, [&f](Gate&, Running<bool>&) { f.stop.request_stop(); });
       }},
      {"await", [](F& f) { ask_twice<Started::plainly>(f, f.absent, [](Gate&, Running<bool>&) {}); }},
      {"await what is stale", [](F& f) { ask_twice<Started::plainly>(f, f.stale, [](Gate&, Running<bool>&) {}); }},
      {"await none",
       [](F& f) {
         ask_twice<Started::plainly>(f, f.absent, [](Gate& gate, Running<bool>&) { gate.finds_none = true; });
       }},
      {"await, and leave",
       [](F& f) { ask_twice<Started::plainly>(f, f.absent, [](Gate&, Running<bool>& first) { first.leave(); }); }},
      {"await what belongs to the cache",
       [](F& f) { ask_twice<Started::owned>(f, f.absent, [](Gate&, Running<bool>& first) { first.leave(); }); }},
      {"await elsewhere", [](F& f) { ask_twice<Started::posted>(f, f.absent, [](Gate&, Running<bool>&) {}); }},
      {"await, and drop",
       [](F& f) { ask_twice<Started::plainly>(f, f.stale, [](Gate& gate, Running<bool>&) { gate.drop(); }); }},
      {"await where jobs are dropped",
       [](F& f) {
         drops_jobs = true;
         ask_twice<Started::posted>(f, f.absent, [](Gate&, Running<bool>&) {});
         drops_jobs = false;
       }},
      {"await a write",
       [](F& f) {
         Gate gate;
         const auto write = [](typename F::Cache& cache, const Fragile& key, Gate& end) -> Running<bool> {
           try {
             static_cast<void>(co_await cache.template write<T>(key, end));
           } catch (...) {  // any failure will do
             co_return false;
           }
           co_return true;
         };
         const Running<bool> writer = write(f.cache, f.held, gate);
         gate.open();
         REQUIRE(writer.is_done());
       }},
      {"await elsewhere, and leave",
       [](F& f) { ask_twice<Started::posted>(f, f.absent, [](Gate&, Running<bool>& first) { first.leave(); }); }},
      {"invalidate, held", [](F& f) { static_cast<void>(f.cache.template invalidate<T>(f.held)); }},
      {"invalidate, absent", [](F& f) { static_cast<void>(f.cache.template invalidate<T>(f.absent)); }},
      {"invalidate a tier", [](F& f) { static_cast<void>(f.cache.template invalidate<T>()); }},
      {"invalidate_if",
       [](F& f) {
         f.cache.template invalidate_if<T>([](const Fragile& key, const Fragile&) {
           may_throw(Source::function);
           return key.number() != 0;
         });
       }},
      {"clear", [](F& f) { static_cast<void>(f.cache.clear()); }},
      {"write",
       [](F& f) {
         const auto operation = [] { may_throw(Source::function); };
         f.cache.template write<T>(f.held, operation).get();
       }},
      {"trim", [](F& f) { f.cache.template trim<T>(1); }},
      {"purge", [](F& f) { f.cache.purge_expired(); }},
      {"set_policy",
       [](F& f) { f.cache.template set_policy<T>({.ttl = 1h, .idle_for = 1h, .capacity = 2, .max_weight = 200}); }},
      {"on_removal",
       [](F& f) {
         const auto listener = [kept = Fragile(1)](const Fragile&, const Fragile&, RemovalCause) {
           may_throw(Source::listener);
         };
         f.cache.template on_removal<T>(listener);
         f.cache.template on_removal<B>(listener);
         f.cache.clear();
       }},
      {"reset_stats",
       [](F& f) {
         f.is_reset = true;
         f.cache.reset_stats();
         static_cast<void>(f.cache.stats());
       }},
  };
}

/// Runs an operation with the one call after `before` failing; tells whether that came.
template <class F>
bool fail(const Operation<F>& operation, bool is_filled, Source where, std::ptrdiff_t before) {
  F fixture(is_filled);
  arm(where, before);
  try {
    operation.run(fixture);
  } catch (const Thrown&) {
  } catch (const std::bad_alloc&) {}
  const bool has_failed = disarm();
  fixture.check();
  return has_failed;
}

template <class F>
void fail_everywhere() {
  std::array<std::size_t, source_count> failures{};
  for (const Operation<F>& operation : operations<F>()) {
    for (std::size_t number = 0; number < 2 * source_count; ++number) {
      const std::size_t from = number / 2;
      bool has_failed = true;
      for (std::ptrdiff_t before = 0; has_failed; ++before) {
        INFO(operation.name << (number % 2 == 0 ? ", empty" : ", filled") << ", " << source_names[from] << ", after "
                            << before);
        REQUIRE(before < 1000);
        const std::ptrdiff_t live = Allocations::live;
        has_failed = fail<F>(operation, number % 2 != 0, static_cast<Source>(from), before);
        failures[from] += has_failed ? 1 : 0;
        REQUIRE(Allocations::live == live);
      }
    }
  }
  for (const std::size_t count : failures) CHECK(count > 3);
}

}  // namespace

TEST_CASE("P3, P7, P11 hold after every fault in every operation, with threads") {
  fail_everywhere<Fixture<support::Shared, tiercache::AdaptiveClock>>();
}

TEST_CASE("P3, P7, P11 hold after every fault in every operation, without") {
  fail_everywhere<Fixture<support::Local, tiercache::Lru>>();
}
