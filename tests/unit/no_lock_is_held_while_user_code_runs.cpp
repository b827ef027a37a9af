#include "ask.hpp"
#include "at_its_end.hpp"
#include "catch.hpp"
#include "checked_threading.hpp"
#include "expected.hpp"
#include "manual_fetch.hpp"
#include "task.hpp"

#include <tiercache/tiercache.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using support::ask;
using support::ManualFetch;
using support::Running;
using support::Task;
using Mutex = support::CheckedThreading::Mutex;

struct Config {
  using clock = tiercache::ManualClock;
  using threading = support::CheckedThreading;
};

/// Where user code is reached: it notes whether a lock was held, and does what the test says.
struct Reached {
  static inline int times = 0;
  static inline int under_lock = 0;
  static inline std::function<void()> then;

  static void here() {
    ++times;
    if (Mutex::held != 0) ++under_lock;
    // Not from within itself: what it does to the cache reaches more user code.
    if (then) std::exchange(then, nullptr)();
  }
  static void reset() {
    times = under_lock = Mutex::taken_twice = 0;
    then = nullptr;
  }
};

/// A value, or a key, whose destructor is user code.
class Watched {
 public:
  Watched(const char* text) : text_(text) {}
  Watched(const Watched& other) = default;
  Watched(Watched&& other) noexcept : text_(std::move(other.text_)) {}
  Watched& operator=(const Watched& other) = default;
  ~Watched() { Reached::here(); }
  friend bool operator==(const Watched& left, const Watched& right) { return left.text_ == right.text_; }
  [[nodiscard]] std::size_t hash() const { return std::hash<std::string>{}(text_); }

 private:
  std::string text_;
};

struct Cards : tiercache::Tier<std::string, Watched> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .capacity = 4};
};
struct Plain : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .capacity = 4};
};
struct ByWatched : tiercache::Tier<Watched, int> {
  struct hash {
    std::size_t operator()(const Watched& key) const { return key.hash(); }
  };
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .capacity = 4};
};
using Cache = tiercache::BasicTieredCache<Config, Cards, Plain, ByWatched>;

/// Calls what takes a lock and leaves other keys' fetches as they are.
template <class T, class Value>
void use(Cache& cache, const Value& value) {
  cache.put<T>("used", value);
  static_cast<void>(cache.get<T>("used"));
  static_cast<void>(cache.peek<T>("used"));
  cache.visit<T>("used", [](const auto&) {});
  cache.invalidate<T>("used");
  static_cast<void>(cache.trim<T>(100));
  cache.purge_expired();
  static_cast<void>(cache.size<T>());
  cache.set_policy<T>(cache.policy<T>());
  static_cast<void>(cache.stats());
  const auto fetch = [&value]() -> Value { return value; };
  static_cast<void>(cache.get_or_fetch<T>("used", fetch).get());
  cache.invalidate<T>("used");
}

void check_reached(int at_least) {
  CHECK(Reached::times >= at_least);
  CHECK(Reached::under_lock == 0);
  CHECK(Mutex::taken_twice == 0);
  CHECK(Mutex::held == 0);
  Reached::reset();
}

TEST_CASE("P6: a fetcher may use the cache") {
  Reached::reset();
  Cache cache;
  SECTION("one that returns a value") {
    const auto fetch = [&]() -> std::string {
      Reached::here();
      use<Plain>(cache, std::string("x"));
      return "value";
    };
    CHECK(cache.get_or_fetch<Plain>("a", fetch).get() == "value");
    check_reached(1);
  }
  SECTION("one that is awaited, before and after it was suspended, and while it ends") {
    ManualFetch<std::string> event;
    const auto fetch = [&]() -> Task<std::string> {
      const support::AtItsEnd guard([] { Reached::here(); });
      Reached::here();
      use<Plain>(cache, std::string("x"));
      std::string value = co_await event();
      Reached::here();
      use<Plain>(cache, std::string("x"));
      co_return value;
    };
    const auto caller = ask<Plain>(cache, "a", fetch);
    Reached::then = [&] { use<Plain>(cache, std::string("x")); };
    event.complete("value");
    CHECK(caller.get() == "value");
    check_reached(3);
  }
}

TEST_CASE("P6: a fetch that is destroyed, and the one that takes over, may use the cache") {
  Reached::reset();
  Cache cache;
  ManualFetch<std::string> event;
  const auto fetch = [&]() -> Task<std::string> {
    const support::AtItsEnd guard([&cache] {
      Reached::here();
      use<Plain>(cache, std::string("x"));
    });
    Reached::here();
    use<Plain>(cache, std::string("x"));
    co_return co_await event();
  };
  auto leader = ask<Plain>(cache, "a", fetch);
  auto waiter = ask<Plain>(cache, "a", fetch);
  check_reached(1);
  leader.leave();
  check_reached(2);
  waiter.leave();
  check_reached(1);
}

TEST_CASE("P6: resumed coroutines may use the cache") {
  Reached::reset();
  Cache cache;
  ManualFetch<std::string> event;
  const auto use_afterwards = [](Cache& from, ManualFetch<std::string>& by) -> Running<std::string> {
    std::string value;
    try {
      value = co_await from.get_or_fetch<Plain>("a", by);
    } catch (const std::exception&) {
      value = "failed";
    }
    Reached::here();
    use<Plain>(from, std::string("x"));
    co_return value;
  };
  const auto first = use_afterwards(cache, event);
  const auto second = use_afterwards(cache, event);
  SECTION("when the fetch succeeds") {
    event.complete("value");
  }
  SECTION("when it fails") {
    event.fail(std::runtime_error("no"));
  }
  SECTION("when it is dropped") {
    event.drop();
  }
  CHECK(first.is_done());
  CHECK(second.is_done());
  check_reached(2);
}

TEST_CASE("P6: whoever is told to stop may use the cache, and stop others") {
  Reached::reset();
  Cache cache;
  ManualFetch<std::string> a_event;
  ManualFetch<std::string> b_event;
  std::stop_source stop_a;
  std::stop_source stop_b;
  const auto ask_until = [](Cache& from, std::string key, ManualFetch<std::string>& by, std::stop_token token,
                            std::stop_source& others) -> Running<std::string> {
    std::string value;
    try {
      value = co_await from.get_or_fetch<Plain>(key, by).stop_on(token);
    } catch (const tiercache::fetch_abandoned&) {
      Reached::here();
      use<Plain>(from, std::string("x"));
      others.request_stop();
      value = "stopped";
    }
    co_return value;
  };
  // Each of the two that are stopped stops the other.
  const auto a_leader = ask<Plain>(cache, "a", a_event);
  const auto b_leader = ask<Plain>(cache, "b", b_event);
  const auto a = ask_until(cache, "a", a_event, stop_a.get_token(), stop_b);
  const auto b = ask_until(cache, "b", b_event, stop_b.get_token(), stop_a);
  stop_a.request_stop();
  CHECK(a.get() == "stopped");
  CHECK(b.get() == "stopped");
  check_reached(2);
  // And one that leads passes on what it led to one that uses the cache as well.
  std::stop_source stop_c;
  const auto c_leader = ask_until(cache, "c", a_event, stop_c.get_token(), stop_c);
  const auto c = ask<Plain>(cache, "c", b_event);
  stop_c.request_stop();
  a_event.complete("value");
  a_event.fail(std::runtime_error("cancelled"));
  CHECK(c_leader.get() == "stopped");
  b_event.complete("value");
  b_event.complete("value");
  CHECK(c.get() == "value");
  check_reached(1);
}

TEST_CASE("P6: what resumes a coroutine may use the cache") {
  Reached::reset();
  Cache cache;
  ManualFetch<std::string> event;
  const auto ask_posted = [](Cache& from, ManualFetch<std::string>& by) -> Running<std::string> {
    const auto post = [&from](auto job) {
      Reached::here();
      use<Plain>(from, std::string("x"));
      job();
    };
    co_return co_await from.get_or_fetch<Plain>("a", by).resume_on(post);
  };
  auto leader = ask_posted(cache, event);
  const auto first = ask_posted(cache, event);
  const auto second = ask_posted(cache, event);
  SECTION("when the fetch ends") {
    event.complete("value");
    CHECK(leader.get() == "value");
  }
  SECTION("when another one is to lead") {
    leader.leave();
    check_reached(1);
    event.complete("value");
  }
  CHECK(first.get() == "value");
  CHECK(second.get() == "value");
  check_reached(2);
}

TEST_CASE("P6: a loader, and a refresh that nobody waits for, may use the cache") {
  tiercache::ManualClock::reset();
  Reached::reset();
  Cache cache{tiercache::with<Plain>({.ttl = 1min, .stale_for = 1min})};
  int loaded = 0;
  const auto load = [&](const std::string& key) -> Task<std::string> {
    Reached::here();
    use<Plain>(cache, std::string("x"));
    co_return key + std::to_string(++loaded);
  };
  cache.set_loader<Plain>(load);
  CHECK(cache.get_or_fetch<Plain>("a").get() == "a1");
  tiercache::ManualClock::advance(1min);
  CHECK(cache.get_or_fetch<Plain>("a").get() == "a1");
  CHECK(cache.get_or_fetch<Plain>("a").get() == "a2");
  tiercache::ManualClock::advance(1min);
  CHECK(cache.get_or_fetch<Plain>("a", tiercache::owned(load)).get() == "a2");
  CHECK(cache.get_or_fetch<Plain>("a").get() == "a3");
  check_reached(3);
}

TEST_CASE("P6: a listener may use the cache, whatever removed the entry") {
  tiercache::ManualClock::reset();
  Reached::reset();
  Cache cache;
  cache.put<Plain>("a", "value");
  int heard = 0;
  auto last = tiercache::RemovalCause::Replaced;
  cache.on_removal<Plain>([&](const std::string& key, const std::string&, tiercache::RemovalCause cause) {
    Reached::here();
    if (key == "used") return;
    ++heard;
    last = cause;
    use<Plain>(cache, std::string("x"));
  });
  using tiercache::RemovalCause;
  auto expected = RemovalCause::Replaced;
  SECTION("replaced by put") {
    cache.put<Plain>("a", "new");
  }
  SECTION("invalidated by key") {
    cache.invalidate<Plain>("a");
    expected = RemovalCause::Invalidated;
  }
  SECTION("invalidated with its tier") {
    cache.invalidate<Plain>();
    expected = RemovalCause::Invalidated;
  }
  SECTION("invalidated by a predicate") {
    cache.invalidate_if<Plain>([](const std::string&, const std::string&) { return true; });
    expected = RemovalCause::Invalidated;
  }
  SECTION("cleared") {
    cache.clear();
    expected = RemovalCause::Cleared;
  }
  SECTION("trimmed") {
    cache.trim<Plain>(0);
    expected = RemovalCause::Trimmed;
  }
  SECTION("evicted by put") {
    for (const char* key : {"b", "c", "d", "e"}) cache.put<Plain>(key, "value");
    expected = RemovalCause::Evicted;
  }
  SECTION("evicted by a policy") {
    cache.set_policy<Plain>({.ttl = 1min, .capacity = 0});
    expected = RemovalCause::Evicted;
  }
  SECTION("evicted by a fetch") {
    const auto fetch = [] { return std::string("fetched"); };
    for (const char* key : {"b", "c", "d", "e"}) static_cast<void>(cache.get_or_fetch<Plain>(key, fetch).get());
    expected = RemovalCause::Evicted;
  }
  SECTION("evicted by a fetch that was awaited") {
    ManualFetch<std::string> event;
    for (const char* key : {"b", "c", "d", "e"}) {
      const auto caller = ask<Plain>(cache, key, event);
      event.complete("fetched");
    }
    expected = RemovalCause::Evicted;
  }
  SECTION("found expired by a purge") {
    tiercache::ManualClock::advance(1min);
    cache.purge_expired();
    expected = RemovalCause::Expired;
  }
  SECTION("found expired by put") {
    tiercache::ManualClock::advance(1min);
    cache.put<Plain>("a", "new");
    expected = RemovalCause::Expired;
  }
  SECTION("found expired by a fetch") {
    tiercache::ManualClock::advance(1min);
    const auto fetch = [] { return std::string("fetched"); };
    static_cast<void>(cache.get_or_fetch<Plain>("a", fetch).get());
    expected = RemovalCause::Expired;
  }
  CHECK(heard >= 1);
  CHECK(last == expected);
  check_reached(1);
}

TEST_CASE("P6: a listener may replace and remove listeners") {
  Reached::reset();
  Cache cache;
  struct Listener {
    explicit Listener(Cache& its_cache) : cache(&its_cache) {}
    Listener(const Listener& other) = default;
    Listener& operator=(const Listener& other) = default;
    ~Listener() { Reached::here(); }
    void operator()(const std::string&, const std::string&, tiercache::RemovalCause) const {
      Reached::here();
      cache->on_removal<Plain>(nullptr);
    }
    Cache* cache;
  };
  cache.on_removal<Plain>(Listener(cache));
  Reached::then = [&] { use<Plain>(cache, std::string("x")); };
  cache.on_removal<Plain>(Listener(cache));  // destroys the first
  cache.put<Plain>("a", "value");
  cache.put<Plain>("b", "value");
  cache.clear();  // the first of two calls destroys the second one
  check_reached(3);
}

TEST_CASE("P6: the destructor of a value may use the cache, whatever destroys it") {
  tiercache::ManualClock::reset();
  Reached::reset();
  auto owner = std::make_unique<Cache>();
  Cache& cache = *owner;
  const Watched used("used");
  cache.put<Cards>("a", Watched("value"));
  Reached::reset();
  Reached::then = [&] { use<Cards>(cache, used); };
  SECTION("put") {
    cache.put<Cards>("a", Watched("new"));
  }
  SECTION("invalidate") {
    cache.invalidate<Cards>("a");
  }
  SECTION("invalidate the tier") {
    cache.invalidate<Cards>();
  }
  SECTION("invalidate_if") {
    cache.invalidate_if<Cards>([](const std::string&, const Watched&) { return true; });
  }
  SECTION("clear") {
    cache.clear();
  }
  SECTION("trim") {
    cache.trim<Cards>(0);
  }
  SECTION("set_policy") {
    cache.set_policy<Cards>({.ttl = 1min, .capacity = 0});
  }
  SECTION("purge_expired") {
    tiercache::ManualClock::advance(1min);
    cache.purge_expired();
  }
  SECTION("get and peek") {
    static_cast<void>(cache.get<Cards>("a"));
    static_cast<void>(cache.peek<Cards>("a"));
  }
  SECTION("a hit of get_or_fetch") {
    const auto fetch = [&] { return used; };  // NOLINT(performance-no-automatic-move)
    static_cast<void>(cache.get_or_fetch<Cards>("a", fetch).get());
  }
  SECTION("a fetch") {
    tiercache::ManualClock::advance(1min);
    const auto fetch = [] { return Watched("fetched"); };
    static_cast<void>(cache.get_or_fetch<Cards>("a", fetch).get());
  }
  SECTION("a fetch that was awaited, with waiters") {
    tiercache::ManualClock::advance(1min);
    ManualFetch<Watched> event;
    {
      const auto first = ask<Cards>(cache, "a", event);
      const auto second = ask<Cards>(cache, "a", event);
      event.complete(Watched("fetched"));
    }
  }
  SECTION("a fetch whose value is not stored") {
    ManualFetch<Watched> event;
    cache.invalidate<Cards>();
    const auto caller = ask<Cards>(cache, "a", event);
    cache.invalidate<Cards>();
    Reached::then = [&] { use<Cards>(cache, used); };
    event.complete(Watched("fetched"));
  }
  SECTION("eviction") {
    for (const char* key : {"b", "c", "d", "e", "f"}) cache.put<Cards>(key, Watched("value"));
  }
  SECTION("the destructor of the cache") {
    Reached::then = nullptr;
    owner.reset();
  }
  check_reached(1);
}

TEST_CASE("P6: the destructor of a key may use the cache") {
  tiercache::ManualClock::reset();
  Reached::reset();
  Cache cache;
  const Watched a("a");
  const Watched other("b");
  cache.put<ByWatched>(a, 1);
  Reached::reset();
  Reached::then = [&] {
    cache.put<ByWatched>(other, 2);
    static_cast<void>(cache.get<ByWatched>(other));
    cache.invalidate<ByWatched>(other);
  };
  SECTION("put") {
    cache.put<ByWatched>(a, 2);
  }
  SECTION("invalidate") {
    cache.invalidate<ByWatched>(a);
  }
  SECTION("clear") {
    cache.clear();
  }
  SECTION("a fetch that fails") {
    cache.invalidate<ByWatched>();
    const auto fetch = []() -> int { throw std::runtime_error("no"); };
    CHECK_THROWS_AS(cache.get_or_fetch<ByWatched>(a, fetch).get(), std::runtime_error);
  }
  SECTION("a fetch whose value is not stored") {
    cache.invalidate<ByWatched>();
    const auto fetch = [&] {
      cache.invalidate<ByWatched>(a);
      return 1;
    };
    CHECK(cache.get_or_fetch<ByWatched>(a, fetch).get() == 1);
  }
  check_reached(1);
}

TEST_CASE("P6: the destructors of a fetcher and of an error may use the cache") {
  Reached::reset();
  Cache cache;
  struct Error {
    explicit Error(int its_number) : number(its_number) {}
    Error(const Error& other) = default;
    Error& operator=(const Error& other) = default;
    ~Error() { Reached::here(); }
    int number;
  };
  using Result = support::Expected<std::string, Error>;
  struct Fetcher {
    Fetcher() = default;
    Fetcher(const Fetcher&) = default;
    Fetcher& operator=(const Fetcher&) = default;
    ~Fetcher() { Reached::here(); }
    Result operator()() const { return Result(support::Unexpected<Error>{Error(7)}); }
  };
  Reached::then = [&] { use<Plain>(cache, std::string("x")); };
  {
    const Result result = cache.get_or_fetch<Plain>("a", Fetcher()).get();
    CHECK(result.error().number == 7);
    Reached::then = [&] { use<Plain>(cache, std::string("x")); };
  }
  check_reached(3);
}

}  // namespace
