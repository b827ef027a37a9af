#include "allocations.hpp"
#include "caller_kinds.hpp"
#include "catch.hpp"
#include "configs.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <type_traits>

using namespace support;

namespace {

struct Numbers : tiercache::Tier<int, std::string> {
  using eviction = tiercache::OldestFirst;  // who comes last stays
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::hours(1), .capacity = 4};
};
using Cache = tiercache::BasicTieredCache<Shared, Numbers>;

/// A fetch that is suspended until the test resumes it, and allocates nothing.
class Pending {
 public:
  explicit Pending(std::coroutine_handle<>& handle) noexcept : handle_(handle) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) const noexcept { handle_ = waiting; }
  const char* await_resume() const noexcept { return "value"; }

 private:
  std::coroutine_handle<>& handle_;
};

// Each returns a lookup of a key that it may be given.

struct Plain {
  static constexpr bool posts = false;
  template <class F>
  static auto look_up(Cache& cache, const int& key, F& fetch, std::stop_token) {
    return cache.get_or_fetch<Numbers>(key, fetch);
  }
};
struct Owned {
  static constexpr bool posts = false;
  template <class F>
  static auto look_up(Cache& cache, const int& key, F& fetch, std::stop_token) {
    return cache.get_or_fetch<Numbers>(key, tiercache::owned(fetch));
  }
};
struct Loaded {
  static constexpr bool posts = false;
  template <class F>
  static auto look_up(Cache& cache, const int& key, F&, std::stop_token) {
    return cache.get_or_fetch<Numbers>(key);
  }
};
struct StoppableAged {
  static constexpr bool posts = false;
  template <class F>
  static auto look_up(Cache& cache, const int& key, F& fetch, std::stop_token token) {
    return cache.get_or_fetch<Numbers>(key, fetch).stop_on(std::move(token)).max_age(std::chrono::minutes(1));
  }
};
struct Posted {
  static constexpr bool posts = true;
  template <class F>
  static auto look_up(Cache& cache, const int& key, F& fetch, std::stop_token) {
    return cache.get_or_fetch<Numbers>(key, fetch).resume_on([](auto job) { job(); });
  }
};

template <class Coroutine, class Form, class F>
Coroutine look_up(Queue&, Cache& cache, int key, F& fetch, std::stop_token token) {
  co_return co_await Form::look_up(cache, key, fetch, token);
}

struct Bench {
  Bench() {
    tiercache::ManualClock::reset();
    cache.set_loader<Numbers>([this](int) { return Pending(pending); });
    // Entries, flights and index are there already: what is counted is what each lookup takes for itself.
    const auto fetch = [](int key) { return std::to_string(key); };
    for (int key = -20; key < 0; ++key) static_cast<void>(cache.get_or_fetch<Numbers>(key, fetch).get());
  }

  Queue queue;
  std::coroutine_handle<> pending;
  Cache cache;
  std::stop_source stop;
};

struct Started {
  std::unique_ptr<AnyCaller> caller;
  std::size_t allocated;
};

/// Awaits a lookup and counts what was allocated until it was answered or suspended. Coroutine frames do not count.
template <class Caller, class Form, class F>
Started look_up_counting(Bench& bench, int key, F& fetch) {
  using Coroutine = typename Caller::template Coroutine<std::string>;
  const auto token = bench.stop.get_token();
  const std::size_t before = Allocations::count;
  auto caller = support::start(look_up<Coroutine, Form>(bench.queue, bench.cache, key, fetch, token));
  return {std::move(caller), Allocations::count - before - 1};  // the object that holds the caller
}

/// What its own library takes for each lookup, and what an executor that it comes back to takes for each wait.
template <class Caller, class Form>
void check_allocations() {
  constexpr bool is_wrapped = !Caller::is_plain && !(Form::posts && std::is_same_v<Caller, AffineCaller>);
  constexpr std::size_t own = is_wrapped ? 1 : 0;
  constexpr std::size_t posting = Form::posts || (Caller::comes_back && Caller::is_plain) ? 1 : 0;
  INFO(Caller::name);
  Bench bench;
  const auto at_once = [](int key) { return std::to_string(key); };
  const auto later = [&bench] { return Pending(bench.pending); };

  bench.cache.put<Numbers>(1, "stored");
  const Started hit = look_up_counting<Caller, Form>(bench, 1, later);
  CHECK(hit.caller->get() == "stored");
  CHECK(hit.allocated == own);

  if constexpr (!std::is_same_v<Form, Loaded>) {
    const Started immediate = look_up_counting<Caller, Form>(bench, 2, at_once);
    CHECK(immediate.caller->get() == "2");
    CHECK(immediate.allocated == own);
  }

  const Started leader = look_up_counting<Caller, Form>(bench, 3, later);
  const Started waiter = look_up_counting<Caller, Form>(bench, 3, later);
  CHECK(leader.allocated == own + 1 + posting);  // the fetch's frame
  CHECK(waiter.allocated == own + posting);
  bench.pending.resume();
  bench.queue.run();
  CHECK(leader.caller->get() == "value");
  CHECK(waiter.caller->get() == "value");
}

}  // namespace

TEMPLATE_TEST_CASE("P9: a lookup allocates nothing, but for a fetch that is suspended, and to be resumed elsewhere", "",
                   Plain, Owned, Loaded, StoppableAged, Posted) {
  const std::size_t before = Allocations::count;
  REQUIRE(std::make_unique<int>(1));
  REQUIRE(Allocations::count > before);  // or else it does not count

  check_allocations<EagerCaller, TestType>();
  check_allocations<LazyCaller, TestType>();
  check_allocations<PinnedCaller, TestType>();
  check_allocations<CoAwaitCaller, TestType>();
  check_allocations<ViaIfAsyncCaller, TestType>();
  check_allocations<AffineCaller, TestType>();
  check_allocations<WrappingCaller, TestType>();
}
