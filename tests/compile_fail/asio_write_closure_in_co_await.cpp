// expect: tiercache: GCC 12 destroys this operation twice inside co_await; name it first: auto operation = [...]{...}; co_await tiercache::write<T>(cache, key, operation);
// compiler: GNU < 13
#include <tiercache/asio.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

boost::asio::awaitable<void> use(tiercache::TieredCache<Cards>& cache, std::string text) {
  text = co_await tiercache::write<Cards>(cache, 7, [text] { return text; });
}
