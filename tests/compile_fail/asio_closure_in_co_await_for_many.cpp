// expect: tiercache: GCC 12 destroys these keys, or this fetcher, twice inside co_await; name them first: auto fetch = [...]{...}; co_await tiercache::get_or_fetch_many<T>(cache, keys, fetch);
// compiler: GNU < 13
#include <tiercache/asio.hpp>

#include <span>
#include <string>
#include <vector>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

boost::asio::awaitable<void> use(tiercache::TieredCache<Cards>& cache, std::string text) {
  const std::vector<int> keys{7};
  static_cast<void>(co_await tiercache::get_or_fetch_many<Cards>(
      cache, keys, [text](std::span<const int>) { return std::vector<std::string>{text}; }));
}
