// Prints the statistics of a cache with {fmt}: the table of all tiers, one tier, and what happened in between.
#include <tiercache/fmt.hpp>

#include <fmt/core.h>

#include <string>

using namespace std::chrono_literals;

struct Sessions : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 5min, .capacity = 1000, .expected_hit_rate = 0.9};
};
struct Avatars : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1h, .max_weight = 1024 * 1024, .expected_hit_rate = 0.5};
  static constexpr std::string_view name = "avatars (by URL)";
  static std::size_t weigh(const std::string& url, const std::string& image) { return url.size() + image.size(); }
};

int main() {
  tiercache::LocalTieredCache<Sessions, Avatars> cache;

  const auto open_session = [](int user) { return "session of user " + std::to_string(user); };
  const auto download = [](const std::string& url) { return std::string(20'000, url.back()); };
  for (int i = 0; i < 1000; ++i) {
    static_cast<void>(cache.get_or_fetch<Sessions>(i % 20, open_session).get());
    static_cast<void>(cache.get_or_fetch<Avatars>("https://example.org/" + std::to_string(i % 100), download).get());
  }
  fmt::print("{}\n\n", cache.stats());

  const tiercache::TierStats before = cache.stats<Sessions>();
  for (int i = 0; i < 100; ++i) static_cast<void>(cache.get_or_fetch<Sessions>(i % 20, open_session).get());
  const tiercache::TierStats after = cache.stats<Sessions>();
  fmt::print("since then: {}\n", after - before);

  const tiercache::TierStats avatars = cache.stats<Avatars>();
  fmt::print("{} avatars, {} bytes, {} evicted\n", avatars.entries, avatars.weight, avatars.evictions);
}
