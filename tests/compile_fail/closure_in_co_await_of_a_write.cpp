// expect: tiercache: GCC 12 destroys this operation twice inside co_await; name it first: auto operation = [...]{...}; co_await cache.write<T>(key, operation);
// compiler: GNU < 13
#include <tiercache/tiercache.hpp>

#include <coroutine>
#include <string>

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

Job use(tiercache::TieredCache<Cards>& cache, std::string text) {
  static_cast<void>(co_await cache.write<Cards>(7, [text] { return text; }));
}
