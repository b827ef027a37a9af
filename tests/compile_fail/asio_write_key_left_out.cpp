// expect: tiercache: this tier has keys: write<T>(cache, key, operation)
#include <tiercache/asio.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

boost::asio::awaitable<void> use(tiercache::TieredCache<Cards>& cache, std::string text) {
  const auto operation = [&text] { return text; };
  text = co_await tiercache::write<Cards>(cache, operation);
}
