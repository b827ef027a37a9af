// expect: tiercache: this is no fetcher: give a callable that takes the tier's key (as const Key&) or nothing (for a pointer to a member a lambda), or an awaitable object; a value that is there already is stored with put
#include <tiercache/asio.hpp>

#include <string>

struct Cards : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

boost::asio::awaitable<void> use(tiercache::TieredCache<Cards>& cache, std::string text) {
  text = co_await tiercache::get_or_fetch<Cards>(cache, 7, 5);
}
