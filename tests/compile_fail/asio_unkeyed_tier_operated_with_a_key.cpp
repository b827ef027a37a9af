// expect: tiercache: this tier is Unkeyed: leave the key argument out
#include <tiercache/asio.hpp>

#include <string>

struct Workspace : tiercache::Tier<tiercache::Unkeyed, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

void use(tiercache::TieredCache<Workspace>& cache, boost::asio::any_io_executor executor) {
  tiercache::async_get_or_fetch<Workspace>(cache, executor, "home", boost::asio::detached);
}
