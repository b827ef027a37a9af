// expect: tiercache: the fetcher returns a future, which no coroutine can await: call its get() in the fetcher, if the caller's thread may block; else return an awaitable that whoever completes the work resumes
#include <tiercache/tiercache.hpp>

#include <coroutine>
#include <future>
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
  const auto fetch = [&text] { return std::async([&text] { return text; }).share(); };
  static_cast<void>(co_await cache.get_or_fetch<Cards>(7, fetch));
}
