// expect: compiles
#include <tiercache/tiercache.hpp>

#include <coroutine>
#include <span>
#include <string>
#include <vector>

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
  const auto fetch = [text](std::span<const int> missing) { return std::vector<std::string>(missing.size(), text); };
  static_cast<void>(co_await cache.get_or_fetch_many<Cards>(std::vector<int>(2), fetch));
}
