// expect: compiles
#include <tiercache/asio.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

boost::asio::awaitable<void> use(tiercache::TieredCache<Cards>& cache, std::string text) {
  const auto fetch = [text]() -> boost::asio::awaitable<std::string> { co_return text; };
  text = co_await tiercache::get_or_fetch<Cards>(cache, 7, fetch);
}
