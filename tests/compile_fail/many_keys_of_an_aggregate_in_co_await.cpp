// expect: tiercache: GCC 12 destroys these keys twice inside co_await; name them first: const std::array keys{...}; co_await cache.get_or_fetch_many<T>(keys, fetch);
// compiler: GNU < 13
#include <tiercache/tiercache.hpp>

#include <array>
#include <coroutine>
#include <span>
#include <string>
#include <vector>

struct Cards : tiercache::Tier<std::string, std::string> {
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
  const auto fetch = [](std::span<const std::string> missing) { return std::vector<std::string>(missing.size()); };
  static_cast<void>(co_await cache.get_or_fetch_many<Cards>(std::array<std::string, 2>{text, text}, fetch));
}
