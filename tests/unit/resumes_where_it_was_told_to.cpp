#include "allocations.hpp"
#include "ask.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "manual_fetch.hpp"
#include "queue.hpp"
#include "running.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>

using namespace support;

namespace {

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1), .capacity = 4};
};
using Cache = tiercache::BasicTieredCache<Shared, Cards>;

/// Calls each job twice: the second call does nothing.
struct InsistentQueue : Queue {
  InsistentQueue() { calls_twice = true; }
};

template <class F>
Running<std::string> ask_through(Queue& queue, Cache& cache, F& fetcher) {
  const auto post = [&queue](auto job) { queue.post(job); };
  std::string answer = co_await cache.get_or_fetch<Cards>("a", fetcher).resume_on(post);
  co_return queue.is_running ? answer + " (queue)" : answer;
}

}  // namespace

TEST_CASE("resume_on: who had to wait goes on where it was told to; whoever did not, goes on at once") {
  Cache cache;
  InsistentQueue queue;
  ManualFetch<std::string> event;
  const auto leader = ask_through(queue, cache, event);
  const auto waiter = ask_through(queue, cache, event);
  const auto inline_waiter = ask<Cards>(cache, "a", event);
  event.complete("value");
  CHECK(inline_waiter.get() == "value");
  CHECK(!leader.is_done());
  CHECK(!waiter.is_done());
  CHECK(queue.size() == 2);
  queue.run();
  CHECK(leader.get() == "value (queue)");
  CHECK(waiter.get() == "value (queue)");
  CHECK(ask_through(queue, cache, event).get() == "value");
  cache.invalidate<Cards>("a");
  const auto at_once = [] { return std::string("new"); };
  CHECK(ask_through(queue, cache, at_once).get() == "new");
}

TEST_CASE("resume_on: a coroutine that is destroyed while its job is queued is not touched") {
  Cache cache;
  InsistentQueue queue;
  ManualFetch<std::string> event;
  auto leader = ask_through(queue, cache, event);
  auto waiter = ask_through(queue, cache, event);
  event.complete("value");
  leader.leave();
  waiter.leave();
  queue.run();
  CHECK(cache.get<Cards>("a") == "value");
}

TEST_CASE("P3: resume_on: an executor that refuses or drops the job does not leave anybody suspended") {
  Cache cache;
  InsistentQueue queue;
  ManualFetch<std::string> event;
  const auto leader = ask_through(queue, cache, event);
  const auto waiter = ask_through(queue, cache, event);
  SECTION("refused") {
    queue.refuses = true;
    event.complete("value");
  }
  SECTION("dropped") {
    event.complete("value");
    CHECK(!leader.is_done());
    queue.drop();
  }
  CHECK(leader.get() == "value");
  CHECK(waiter.get() == "value");
}

TEST_CASE("P5: resume_on: one who comes to lead starts its fetch where it is resumed") {
  Cache cache;
  InsistentQueue queue;
  ManualFetch<std::string> event;
  int started_in_queue = 0;
  const auto fetch = [&] {
    if (queue.is_running) ++started_in_queue;
    return event();
  };
  auto leader = ask<Cards>(cache, "a", event);
  auto next = ask_through(queue, cache, fetch);
  const auto last = ask_through(queue, cache, fetch);
  leader.leave();
  CHECK(event.started() == 1);
  SECTION("and it does") {
    queue.run();
    CHECK(started_in_queue == 1);
    event.complete("value");
    CHECK(!next.is_done());
    queue.run();
    CHECK(next.get() == "value (queue)");
  }
  SECTION("and it is destroyed first: then the next one leads") {
    next.leave();
    CHECK(event.started() == 1);
    queue.run();
    CHECK(started_in_queue == 1);
    event.complete("value");
    queue.run();
  }
  SECTION("and the job is dropped: then it leads where it was dropped") {
    queue.drop();
    CHECK(event.started() == 2);
    CHECK(started_in_queue == 0);
    event.complete("value");
    queue.run();
    CHECK(next.get() == "value (queue)");
  }
  CHECK(last.get() == "value (queue)");
  CHECK(cache.stats<Cards>().in_flight == 0);
}

TEST_CASE("resume_on: a stop is told there too") {
  Cache cache;
  InsistentQueue queue;
  ManualFetch<std::string> event;
  std::stop_source stop;
  const auto leader = ask<Cards>(cache, "a", event);
  const auto ask_until = [&]() -> Running<std::string> {
    const auto post = [&queue](auto job) { queue.post(job); };
    try {
      co_return co_await cache.get_or_fetch<Cards>("a", event).stop_on(stop.get_token()).resume_on(post);
    } catch (const tiercache::fetch_abandoned&) {}
    co_return queue.is_running ? "stopped in the queue" : "stopped";
  };
  const auto waiter = ask_until();
  stop.request_stop();
  CHECK(!waiter.is_done());
  queue.run();
  CHECK(waiter.get() == "stopped in the queue");
  event.complete("value");
}

TEST_CASE("resume_on: the executor may run the job at once") {
  Cache cache;
  ManualFetch<std::string> event;
  const auto ask_inline = [&]() -> Running<std::string> {
    const auto post = [](auto job) { job(); };
    co_return co_await cache.get_or_fetch<Cards>("a", event).resume_on(post);
  };
  auto leader = ask_inline();
  const auto next = ask_inline();
  leader.leave();
  CHECK(event.started() == 2);
  event.complete("value");
  CHECK(next.get() == "value");
}

TEST_CASE("resume_on: waiting allocates once") {
  Cache cache;
  ManualFetch<std::string> event;
  const auto leader = ask<Cards>(cache, "a", event);
  auto lookup = cache.get_or_fetch<Cards>("a", event).resume_on([](auto job) { job(); });
  auto awaiter = lookup.operator co_await();
  const std::size_t before = Allocations::count;
  const bool is_ready = awaiter.await_ready();
  const bool is_waiting = awaiter.await_suspend(std::coroutine_handle<>(std::noop_coroutine()));
  const std::size_t allocated = Allocations::count - before;
  CHECK(!is_ready);
  CHECK(is_waiting);
  CHECK(allocated == 1);
  event.complete("value");
}

namespace {

/// A coroutine whose promise has an executor, and which wraps nothing.
struct Pinned {
  struct promise_type {
    class Executor {
     public:
      explicit Executor(Queue& queue) noexcept : queue_(&queue) {}
      template <class Function>
      void execute(Function function) const {
        queue_->post(std::move(function));
      }

     private:
      Queue* queue_;
    };

    promise_type(Queue& its_queue, Cache&, ManualFetch<std::string>&, std::string&) noexcept : queue(its_queue) {}
    Pinned get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
    [[nodiscard]] Executor get_executor() const noexcept { return Executor(queue); }

    Queue& queue;
  };
};
Pinned ask_pinned(Queue& queue, Cache& cache, ManualFetch<std::string>& event, std::string& answer) {
  std::string its = co_await cache.get_or_fetch<Cards>("a", event);
  answer = queue.is_running ? its + " (queue)" : its;
}

/// A coroutine whose library resumes through a hook.
struct Hooked {
  struct promise_type {
    promise_type(Queue& its_queue, Cache&, ManualFetch<std::string>&, std::string&) noexcept : queue(its_queue) {}
    Hooked get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
    Queue& queue;
  };
};
Hooked ask_hooked(Queue& queue, Cache& cache, ManualFetch<std::string>& event, std::string& answer) {
  std::string its = co_await cache.get_or_fetch<Cards>("a", event);
  answer = queue.is_running ? its + " (queue)" : its;
}

}  // namespace

template <>
struct tiercache::promise_post<Hooked::promise_type> {
  static auto of(Hooked::promise_type& promise) {
    return [queue = &promise.queue](auto job) { queue->post(std::move(job)); };
  }
};

TEST_CASE("a coroutine whose promise has an executor is resumed there, and so is one whose library says how") {
  Cache cache;
  InsistentQueue queue;
  ManualFetch<std::string> event;
  std::string pinned;
  std::string hooked;
  std::string later;
  ask_pinned(queue, cache, event, pinned);
  ask_hooked(queue, cache, event, hooked);
  event.complete("value");
  CHECK(pinned.empty());
  CHECK(hooked.empty());
  queue.run();
  CHECK(pinned == "value (queue)");
  CHECK(hooked == "value (queue)");
  ask_pinned(queue, cache, event, later);
  CHECK(later == "value");
}

TEST_CASE("what a coroutine library asks for instead of a lookup keeps the lookup") {
  Cache cache;
  Queue queue;
  ManualFetch<std::string> event;
  struct Executor {
    void schedule(std::function<void()> job) { queue->post(std::move(job)); }
    void add(std::function<void()> job) const { queue->post(std::move(job)); }
    Queue* queue;
  };
  struct Promise {};
  Executor executor{&queue};
  Promise promise;
  const auto post = [&queue](auto job) { queue.post(job); };
  const auto ask_by = [](auto awaiter) -> Running<std::string> { co_return co_await awaiter; };
  auto by_schedule = cache.get_or_fetch<Cards>("a", event).coAwait(&executor);
  auto by_add = cache.get_or_fetch<Cards>("a", event).viaIfAsync(&executor);
  auto by_post = cache.get_or_fetch<Cards>("a", event).resume_on(post).affine().as_awaitable(promise);
  auto first = ask_by(std::move(by_schedule));
  auto second = ask_by(std::move(by_add));
  auto third = ask_by(std::move(by_post));
  event.complete("value");
  CHECK(queue.size() == 3);
  queue.run();
  CHECK(first.get() == "value");
  CHECK(second.get() == "value");
  CHECK(third.get() == "value");
  static_assert(requires { cache.get_or_fetch<Cards>("a", event).coAwait(nullptr); });
}

namespace {

/// A promise that returns its executor by reference.
struct Referred {
  struct promise_type {
    promise_type(Queue& queue, Cache&, ManualFetch<std::string>&, std::string&) noexcept : executor_(queue) {}
    Referred get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
    [[nodiscard]] const Pinned::promise_type::Executor& get_executor() const noexcept { return executor_; }

   private:
    Pinned::promise_type::Executor executor_;
  };
};
Referred ask_referred(Queue& queue, Cache& cache, ManualFetch<std::string>& event, std::string& answer) {
  std::string its = co_await cache.get_or_fetch<Cards>("a", event);
  answer = queue.is_running ? its + " (queue)" : its;
}

}  // namespace

TEST_CASE("an executor that a promise returns by reference is resumed through as well") {
  Cache cache;
  Queue queue;
  ManualFetch<std::string> event;
  std::string answer;
  ask_referred(queue, cache, event, answer);
  event.complete("value");
  CHECK(answer.empty());
  queue.run();
  CHECK(answer == "value (queue)");
}

namespace {

/// Of async_simple's kind: one that goes back to where it was left.
struct QueueWithContexts : Queue {
  using Context = int;
  [[nodiscard]] Context checkout() const { return 7; }
  bool checkin(std::function<void()> job, Context context) {
    checked_in = context;
    post(std::move(job));
    return true;
  }
  int checked_in = 0;
};

}  // namespace

TEST_CASE("an executor that knows where it was left is gone back to there") {
  Cache cache;
  QueueWithContexts queue;
  ManualFetch<std::string> event;
  const auto leader = ask<Cards>(cache, "a", event);
  const auto ask_there = [&](QueueWithContexts* executor) -> Running<std::string> {
    co_return co_await cache.get_or_fetch<Cards>("a", event).coAwait(executor);
  };
  const auto waiter = ask_there(&queue);
  const auto without = ask_there(nullptr);
  event.complete("value");
  CHECK(without.get() == "value");
  CHECK_FALSE(waiter.is_done());
  queue.run();
  CHECK(waiter.get() == "value");
  CHECK(queue.checked_in == 7);
}
