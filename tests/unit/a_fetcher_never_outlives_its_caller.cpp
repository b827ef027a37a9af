#include "catch.hpp"
#include "configs.hpp"
#include "manual_fetch.hpp"
#include "running.hpp"
#include "task.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

using namespace support;

namespace {

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1)};
};
template <class Config>
using Cache = tiercache::BasicTieredCache<Config, Cards>;

/// Says so when it is used after it died, even where no sanitizer watches.
class Witness {
 public:
  explicit Witness(int& misuses) : misuses_(misuses), alive_(std::make_unique<bool>(true)) {}
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;
  ~Witness() { is_alive_ = false; }
  void use() const {
    if (!is_alive_ || !*alive_) ++misuses_;
  }

 private:
  int& misuses_;
  std::unique_ptr<bool> alive_;
  bool is_alive_ = true;
};

struct Bench {
  ManualFetch<std::string> step;
  int misuses = 0;
  int ended = 0;
};

// A fetch of three steps, which uses what its caller has at each of them, and when it is destroyed.

struct UsesAtTheEnd {
  explicit UsesAtTheEnd(const Witness& its_local) noexcept : local(its_local) {}
  UsesAtTheEnd(const UsesAtTheEnd&) = delete;
  UsesAtTheEnd& operator=(const UsesAtTheEnd&) = delete;
  ~UsesAtTheEnd() { local.use(); }
  const Witness& local;
};

template <class Coroutine>
Coroutine in_steps(Bench& bench, const std::string& key, const Witness& local) {
  const UsesAtTheEnd at_the_end(local);
  std::string answer = key;
  for (int i = 0; i < 3; ++i) {
    local.use();
    answer += co_await bench.step();
  }
  local.use();
  ++bench.ended;
  co_return answer;
}

template <class Coroutine, class AnyCache>
Running<std::string> ask_with_locals(AnyCache& cache, Bench& bench) {
  const Witness local(bench.misuses);
  const auto fetch = [&](const std::string& key) {
    local.use();
    return in_steps<Coroutine>(bench, key, local);
  };
  std::string answer = co_await cache.template get_or_fetch<Cards>("a", fetch);
  local.use();
  co_return answer;
}

/// Tries what `leave` does with the callers, at each of the leader's suspension points.
template <class Config, class Coroutine>
void leave_at_each_step(const std::function<void(std::vector<Running<std::string>>&)>& leave) {
  for (int steps = 0; steps < 3; ++steps) {
    CAPTURE(steps);
    Bench bench;
    Cache<Config> cache;
    std::vector<Running<std::string>> callers;
    for (int i = 0; i < 4; ++i) callers.push_back(ask_with_locals<Coroutine>(cache, bench));
    for (int i = 0; i < steps; ++i) bench.step.complete(".");
    leave(callers);
    while (bench.step.running() != 0) bench.step.complete(".");
    CHECK(bench.misuses == 0);
    for (const auto& caller : callers) {
      REQUIRE(caller.is_done());
      CHECK(caller.get() == "a...");
    }
    CHECK(bench.ended == (callers.empty() ? 0 : 1));
    CHECK(cache.template stats<Cards>().in_flight == 0);
    CHECK(cache.template get<Cards>("a").has_value() == !callers.empty());
  }
}

using Callers = std::vector<Running<std::string>>;

}  // namespace

TEMPLATE_TEST_CASE("P5: what a fetcher captured of its caller is there at every step, and the fetch is gone before it",
                   "", Task<std::string>, Running<std::string>) {
  const auto leave = [](const auto& how) {
    leave_at_each_step<Shared, TestType>(how);
    leave_at_each_step<support::Local, TestType>(how);
  };
  SECTION("nobody leaves") {
    leave([](Callers&) {});
  }
  SECTION("the leader leaves") {
    leave([](Callers& callers) { callers.erase(callers.begin()); });
  }
  SECTION("the leaders leave, one after the other") {
    leave([](Callers& callers) {
      while (callers.size() > 1) callers.erase(callers.begin());
    });
  }
  SECTION("waiters leave, then the leader") {
    leave([](Callers& callers) {
      callers.erase(callers.begin() + 1, callers.begin() + 3);
      callers.erase(callers.begin());
    });
  }
  SECTION("all leave, the leader first") {
    leave([](Callers& callers) {
      while (!callers.empty()) callers.erase(callers.begin());
    });
  }
  SECTION("all leave, the leader last") {
    leave([](Callers& callers) {
      while (!callers.empty()) callers.pop_back();
    });
  }
}

TEST_CASE("P5: a fetcher whose caller is gone is not called, even where that one was to lead next") {
  tiercache::ManualClock::reset();
  Cache<Shared> cache;
  Bench bench;
  std::vector<std::function<void()>> jobs;
  const auto ask_posted = [&]() -> Running<std::string> {
    const Witness local(bench.misuses);
    const auto fetch = [&](const std::string& key) { return in_steps<Task<std::string>>(bench, key, local); };
    const auto post = [&](auto job) { jobs.push_back(job); };
    co_return co_await cache.get_or_fetch<Cards>("a", fetch).resume_on(post);
  };
  auto leader = ask_posted();
  auto next = ask_posted();
  auto last = ask_posted();
  leader.leave();
  next.leave();
  REQUIRE(jobs.size() == 1);
  jobs[0]();  // the next one's, which passes on
  REQUIRE(jobs.size() == 2);
  jobs[1]();
  CHECK(bench.step.running() == 1);
  CHECK(bench.step.started() == 2);
  for (int i = 0; i < 3; ++i) bench.step.complete(".");
  REQUIRE(jobs.size() == 3);
  jobs[2]();
  CHECK(last.get() == "a...");
  CHECK(bench.misuses == 0);
}
