#include "ask.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "manual_fetch.hpp"
#include "running.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <utility>

using namespace support;

namespace {

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};

}  // namespace

// It was left on the list of those that were to be told so.
TEMPLATE_TEST_CASE("P5: one who is to lead, was told to stop, and passes the lead on, is destroyed by the next", "",
                   Shared, Local) {
  tiercache::BasicTieredCache<TestType, Cards> cache;
  ManualFetch<std::string> slow;
  std::stop_source stop;
  std::function<void()> queued;
  const auto ask_posted = [&]() -> Running<std::string> {
    const auto post = [&queued](auto job) { queued = std::move(job); };
    co_return co_await cache.template get_or_fetch<Cards>("a", slow).stop_on(stop.get_token()).resume_on(post);
  };
  Running<std::string> stopped;
  const auto at_once = [] { return std::string("value"); };
  const auto ask_and_destroy = [&]() -> Running<std::string> {
    std::string answer = co_await cache.template get_or_fetch<Cards>("a", at_once);
    stopped.leave();
    co_return answer;
  };

  auto leader = ask<Cards>(cache, "a", slow);
  stopped = ask_posted();
  const auto next = ask_and_destroy();
  leader.leave();
  REQUIRE(queued);
  stop.request_stop();
  std::exchange(queued, {})();
  CHECK(next.get() == "value");
  CHECK(slow.started() == 1);
  CHECK(cache.template stats<Cards>().in_flight == 0);
}
