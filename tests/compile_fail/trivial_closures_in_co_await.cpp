// expect: compiles
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
  const int number = 7;
  static_cast<void>(co_await cache.get_or_fetch<Cards>(7, [number] { return std::to_string(number); }));
  static_cast<void>(
      co_await cache.get_or_fetch<Cards>(7, tiercache::owned([number] { return std::to_string(number); })));
  static_cast<void>(co_await cache.get_or_fetch<Cards>(7, [&text] { return text; }).resume_on([number](auto job) {
    static_cast<void>(number);
    job();
  }));
}
