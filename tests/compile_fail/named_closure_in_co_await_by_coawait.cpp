// expect: compiles
#include <tiercache/tiercache.hpp>

#include <coroutine>
#include <string>
#include <utility>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};
struct Job {
  struct promise_type {
    Job get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept {}
  };
};
/// A task that asks for `coAwait`.
struct Executor {
  bool schedule(auto job) {
    job();
    return true;
  }
};
struct Wrapping {
  struct promise_type : Job::promise_type {
    Wrapping get_return_object() noexcept { return {}; }
    template <class A>
    auto await_transform(A&& awaitable) {
      return std::forward<A>(awaitable).coAwait(&executor);
    }
    Executor executor;
  };
};

Wrapping use(tiercache::TieredCache<Cards>& cache, std::string text) {
  const auto fetch = [text] { return text; };
  static_cast<void>(co_await cache.get_or_fetch<Cards>(7, fetch));
}
