// expect: tiercache: resume_on wants a function that can be copied and takes a job, itself a function without arguments that can be copied: [&executor](auto job) { executor.post(job); }
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
  const auto fetch = [&text] { return text; };
  static_cast<void>(co_await cache.get_or_fetch<Cards>(7, fetch).resume_on(text));
}
