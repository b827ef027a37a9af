// A coroutine type of one's own: nothing has to be told to the cache. The one below starts at once and owns itself; a
// slow answer is stood for by an event that main() completes.
#include <tiercache/tiercache.hpp>

#include <coroutine>
#include <exception>
#include <iostream>
#include <string>
#include <utility>

using namespace std::chrono_literals;

struct Job {
  struct promise_type {
    Job get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};

struct Reply {
  std::string text;
  std::coroutine_handle<> waiting;

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) noexcept { waiting = handle; }
  std::string await_resume() const { return text; }
  void arrive(std::string its_text) {
    text = std::move(its_text);
    waiting.resume();
  }
};

struct Pages : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .capacity = 1000};
};
using Cache = tiercache::TieredCache<Pages>;

Job read(Cache& cache, std::string reader, Reply& reply) {
  // A fetcher is named before it is used: GCC 12 destroys temporary closures inside co_await twice.
  auto fetch = [&reply](const std::string&) -> Reply& { return reply; };
  std::string page = co_await cache.get_or_fetch<Pages>("home", fetch);
  std::cout << reader << " reads: " << page << '\n';
}

int main() {
  Cache cache;
  Reply reply;
  read(cache, "the first", reply);   // fetches, and is suspended
  read(cache, "the second", reply);  // waits for the same fetch
  std::cout << "the reply arrives\n";
  reply.arrive("Hello!");           // resumes both
  read(cache, "the third", reply);  // a hit: not suspended
  return cache.stats<Pages>().fetches_led == 1 ? 0 : 1;
}
