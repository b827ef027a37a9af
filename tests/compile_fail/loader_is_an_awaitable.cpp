// expect: tiercache: a loader is called for every fetch: give a callable that returns an awaitable, not one
#include <tiercache/tiercache.hpp>

#include <coroutine>
#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};
struct Awaitable {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  std::string await_resume() const { return {}; }
};

void use(tiercache::TieredCache<Cards>& cache) {
  cache.set_loader<Cards>(Awaitable());
}
