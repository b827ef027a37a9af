// expect: tiercache: the fetcher returns a future, which no coroutine can await: call its get() in the fetcher, if the caller's thread may block; else return an awaitable that whoever completes the work resumes
#include <tiercache/tiercache.hpp>

#include <future>
#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Cards>& cache) {
  const auto fetch = [] { return std::async([] { return std::string("value"); }); };
  static_cast<void>(cache.get_or_fetch<Cards>(7, fetch).get());
}
