// expect: tiercache: GCC 12 destroys this key twice inside co_await; name it first: const Key key{...}; co_await tiercache::write<T>(cache, key, operation);
// compiler: GNU < 13
#include <tiercache/asio.hpp>

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

boost::asio::awaitable<void> use(tiercache::TieredCache<Cards>& cache, std::string text) {
  const auto operation = [&text] { return text; };
  text = co_await tiercache::write<Cards>(cache, Id{text}, operation);
}
