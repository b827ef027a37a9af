// expect: tiercache: GCC 12 destroys this fetcher twice inside co_await; name it first: auto fetch = [...]{...}; co_await tiercache::get_or_fetch<T>(cache, key, fetch);
// compiler: GNU < 13
#include <tiercache/asio.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

boost::asio::awaitable<void> use(tiercache::TieredCache<Cards>& cache, std::string text) {
  text = co_await tiercache::get_or_fetch<Cards>(cache, 7, [text] { return text; });
}
