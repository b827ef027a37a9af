// expect: tiercache: GCC 12 destroys this key twice inside co_await; name it first: const Key key{...}; co_await cache.get_or_fetch<T>(key, fetch);
// compiler: GNU < 13
#include <tiercache/tiercache.hpp>

#include <coroutine>
#include <string>

struct Id {
  std::string text;
  friend bool operator==(const Id&, const Id&) = default;
};
struct HashOfId {
  std::size_t operator()(const Id& id) const { return id.text.size(); }
};
struct Cards : tiercache::Tier<Id, std::string> {
  using hash = HashOfId;
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
  const auto fetch = [] { return std::string(); };
  static_cast<void>(co_await cache.get_or_fetch<Cards>(Id{text}, fetch));
}
