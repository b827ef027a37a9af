// expect: compiles
#include <tiercache/tiercache.hpp>

#include <coroutine>
#include <functional>
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

std::string fetch(const std::string& text, int key) {
  return text + std::to_string(key);
}

Job use(tiercache::TieredCache<Cards>& cache, std::string text) {
  static_cast<void>(co_await cache.get_or_fetch<Cards>(7, std::bind_front(fetch, text)));
  static_cast<void>(co_await cache.get_or_fetch<Cards>(7, tiercache::owned(std::bind_front(fetch, text))));
}
