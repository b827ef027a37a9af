// expect: compiles
#include <tiercache/tiercache.hpp>

#include <coroutine>
#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};
namespace their {

/// A task that only its own library can run.
template <class T>
struct Task {
  struct promise_type;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<promise_type>) const noexcept {}
  T await_resume() const { return {}; }
};
template <class T>
struct Run {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  T await_resume() const { return {}; }
};

}  // namespace their

template <class T>
struct tiercache::fetch_runner<their::Task<T>> {
  static their::Run<T> run(their::Task<T>) { return {}; }
};

void use(tiercache::TieredCache<Cards>& cache) {
  const auto fetch = [] { return their::Task<std::string>(); };
  static_cast<void>(cache.get_or_fetch<Cards>(7, tiercache::owned(fetch)).get());
  cache.set_loader<Cards>(fetch);
}
