#include "caller_kinds.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "manual_fetch.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

using namespace support;

namespace {

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};
using Cache = tiercache::BasicTieredCache<Shared, Cards>;

/// Counts how often it, and what was copied or moved from it, was made and destroyed.
class Witness {
 public:
  explicit Witness(int& alive) : alive_(&alive), text_("long enough to live on the heap, as captures often do") {
    ++*alive_;
  }
  Witness(const Witness& other) : alive_(other.alive_), text_(other.text_) { ++*alive_; }
  Witness(Witness&& other) noexcept : alive_(other.alive_), text_(std::move(other.text_)) { ++*alive_; }
  Witness& operator=(const Witness&) = delete;
  ~Witness() { --*alive_; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  int* alive_;
  std::string text_;
};

struct Bench {
  Bench() { tiercache::ManualClock::reset(); }
  Queue queue;
  ManualFetch<std::string> event;
  Cache cache;
  int alive = 0;
};

/// A fetch that keeps something, and is suspended once.
Task<std::string> fetch_with(ManualFetch<std::string>& event, Witness witness, std::string key) {
  std::string answer = co_await event();
  co_return key + answer + witness.text().substr(0, 4);
}
Task<std::string> fetch_bound(ManualFetch<std::string>* event, const Witness& witness, std::string key) {
  return fetch_with(*event, witness, std::move(key));
}

// The shapes that are allowed inside co_await. Each in a coroutine of any caller's type.

struct NamedClosure {
  template <class Coroutine>
  static Coroutine ask(Queue&, Bench& bench) {
    const Witness witness(bench.alive);
    const auto fetch = [&bench, witness](const std::string& key) { return fetch_with(bench.event, witness, key); };
    co_return co_await bench.cache.get_or_fetch<Cards>("a", fetch);
  }
};
struct NamedOwned {
  template <class Coroutine>
  static Coroutine ask(Queue&, Bench& bench) {
    const Witness witness(bench.alive);
    auto fetch =
        tiercache::owned([&bench, witness](const std::string& key) { return fetch_with(bench.event, witness, key); });
    co_return co_await bench.cache.get_or_fetch<Cards>("a", fetch);
  }
};
struct OwnedOfNamed {
  template <class Coroutine>
  static Coroutine ask(Queue&, Bench& bench) {
    const Witness witness(bench.alive);
    const auto fetch = [&bench, witness](const std::string& key) { return fetch_with(bench.event, witness, key); };
    co_return co_await bench.cache.get_or_fetch<Cards>("a", tiercache::owned(fetch));
  }
};
struct BoundCall {
  template <class Coroutine>
  static Coroutine ask(Queue&, Bench& bench) {
    const Witness witness(bench.alive);
    co_return co_await bench.cache.get_or_fetch<Cards>("a", std::bind_front(fetch_bound, &bench.event, witness));
  }
};
struct OwnedBoundCall {
  template <class Coroutine>
  static Coroutine ask(Queue&, Bench& bench) {
    const Witness witness(bench.alive);
    co_return co_await bench.cache.get_or_fetch<Cards>(
        "a", tiercache::owned(std::bind_front(fetch_bound, &bench.event, witness)));
  }
};
struct Function {
  template <class Coroutine>
  static Coroutine ask(Queue&, Bench& bench) {
    const Witness witness(bench.alive);
    std::function<Task<std::string>(const std::string&)> fetch = [&bench, witness](const std::string& key) {
      return fetch_with(bench.event, witness, key);
    };
    co_return co_await bench.cache.get_or_fetch<Cards>("a", std::move(fetch));
  }
};
struct ClosureOfReferences {
  template <class Coroutine>
  static Coroutine ask(Queue&, Bench& bench) {
    const Witness witness(bench.alive);
    co_return co_await bench.cache.get_or_fetch<Cards>(
        "a", [&bench, &witness](const std::string& key) { return fetch_with(bench.event, witness, key); });
  }
};
struct NamedLookup {
  template <class Coroutine>
  static Coroutine ask(Queue&, Bench& bench) {
    const Witness witness(bench.alive);
    auto lookup = bench.cache.get_or_fetch<Cards>(
        "a", [&bench, witness](const std::string& key) { return fetch_with(bench.event, witness, key); });
    co_return co_await lookup;
  }
};
struct NamedLookupWithModifiers {
  template <class Coroutine>
  static Coroutine ask(Queue&, Bench& bench) {
    const Witness witness(bench.alive);
    auto lookup =
        bench.cache
            .get_or_fetch<Cards>(
                "a", [&bench, witness](const std::string& key) { return fetch_with(bench.event, witness, key); })
            .max_age(std::chrono::seconds(5))
            .resume_on([witness](auto job) { job(); });
    co_return co_await lookup;
  }
};
struct NamedPost {
  template <class Coroutine>
  static Coroutine ask(Queue&, Bench& bench) {
    const Witness witness(bench.alive);
    const auto post = [witness](auto job) { job(); };
    const auto fetch = [&bench, witness](const std::string& key) { return fetch_with(bench.event, witness, key); };
    co_return co_await bench.cache.get_or_fetch<Cards>("a", fetch).resume_on(post);
  }
};
struct StringKey {
  template <class Coroutine>
  static Coroutine ask(Queue&, Bench& bench) {
    const Witness witness(bench.alive);
    const auto fetch = [&bench, witness](const std::string& key) {
      return fetch_with(bench.event, witness, key.substr(0, 1));
    };
    co_return co_await bench.cache.get_or_fetch<Cards>(std::string("a") + " key that lives on the heap, too", fetch);
  }
};

template <class Shape, class Caller>
void try_shape() {
  INFO(Caller::name);
  using Coroutine = typename Caller::template Coroutine<std::string>;
  Bench bench;
  const auto ask = [&bench] { return support::start(Shape::template ask<Coroutine>(bench.queue, bench)); };
  {
    auto leader = ask();
    auto waiter = ask();
    bench.event.complete("value");
    bench.queue.run();
    CHECK(leader->get() == "avaluelong");
    CHECK(waiter->get() == "avaluelong");
    const auto hit = ask();
    CHECK(hit->get() == "avaluelong");
    CHECK(bench.event.started() == 1);
  }
  CHECK(bench.alive == 0);
  bench.cache.clear();
  {
    auto leader = ask();
    auto waiter = ask();
    leader.reset();
    bench.queue.run();
    waiter.reset();
    while (bench.event.running() != 0) bench.event.complete("value");
  }
  CHECK(bench.alive == 0);
}

}  // namespace

TEMPLATE_TEST_CASE("P5, P9: what stands inside co_await is destroyed once, on a hit, a miss and when its caller leaves",
                   "", NamedClosure, NamedOwned, OwnedOfNamed, BoundCall, OwnedBoundCall, Function, ClosureOfReferences,
                   NamedLookup, NamedLookupWithModifiers, NamedPost, StringKey) {
  try_shape<TestType, EagerCaller>();
  try_shape<TestType, LazyCaller>();
  try_shape<TestType, PinnedCaller>();
  try_shape<TestType, CoAwaitCaller>();
  try_shape<TestType, WrappingCaller>();
}
