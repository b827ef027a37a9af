// expect: tiercache: this tier is Unkeyed: leave the key argument out
#include <tiercache/asio.hpp>

#include <string>

struct Workspace : tiercache::Tier<tiercache::Unkeyed, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

boost::asio::awaitable<void> use(tiercache::TieredCache<Workspace>& cache, std::string id) {
  id = co_await tiercache::get_or_fetch<Workspace>(cache, id);
}
