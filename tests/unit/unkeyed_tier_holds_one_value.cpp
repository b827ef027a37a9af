#include "catch.hpp"
#include "manual_time.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using support::ManualCache;
using tiercache::CacheEntry;
using tiercache::ManualClock;
using tiercache::RemovalCause;

struct Workspaces : tiercache::Tier<tiercache::Unkeyed, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 5min};
};
struct Handle : tiercache::Tier<tiercache::Unkeyed, std::unique_ptr<int>> {
  static constexpr tiercache::TierPolicy policy{.ttl = 5min};
};

}  // namespace

TEST_CASE("All calls for an unkeyed tier leave the key out") {
  ManualClock::reset();
  ManualCache<Workspaces> cache;
  std::vector<std::string> removed;
  cache.on_removal<Workspaces>([&removed](const std::string& value, RemovalCause) { removed.push_back(value); });
  CHECK_FALSE(cache.get<Workspaces>());
  CHECK_FALSE(cache.peek<Workspaces>());
  CHECK(cache.get_or_fetch<Workspaces>([] { return "fetched"; }).get() == "fetched");
  CHECK(cache.get_or_fetch<Workspaces>([] { return "again"; }).get() == "fetched");
  CHECK(cache.get<Workspaces>() == "fetched");

  cache.put<Workspaces>("put");
  CHECK(cache.size<Workspaces>() == 1);
  cache.put<Workspaces>("short", 1s);
  CHECK(cache.peek<Workspaces>()->ttl == 1s);
  cache.put<Workspaces>(CacheEntry<std::string>{.value = "entry", .ttl = 2s});
  CHECK(cache.peek<Workspaces>()->ttl == 2s);
  std::string seen;
  CHECK(cache.visit<Workspaces>([&seen](const std::string& value) { seen = value; }));
  CHECK(seen == "entry");
  ManualClock::advance(2s);
  CHECK_FALSE(cache.get<Workspaces>());
  CHECK(cache.purge_expired<Workspaces>() == 1);

  cache.put<Workspaces>("last");
  CHECK(cache.invalidate_if<Workspaces>([](const std::string& value) { return value == "other"; }) == 0);
  CHECK(cache.invalidate<Workspaces>() == 1);
  CHECK(cache.trim<Workspaces>(0) == 0);
  CHECK(removed == std::vector<std::string>{"fetched", "put", "short", "entry", "last"});
}

TEST_CASE("An unkeyed tier may hold a value that can only be moved") {
  ManualClock::reset();
  ManualCache<Handle> cache;
  cache.put<Handle>(std::make_unique<int>(7));
  CHECK(cache.visit<Handle>([](const std::unique_ptr<int>& value) { CHECK(*value == 7); }));
  cache.put<Handle>(std::make_unique<int>(8), 1s);
  CHECK(cache.visit<Handle>([](const std::unique_ptr<int>& value) { CHECK(*value == 8); }));
}
