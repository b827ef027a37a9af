#include "catch.hpp"
#include "schedule.hpp"
#include "scheduled_threading.hpp"
#include "thread_scheduler.hpp"

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace support;

namespace {

using Mutex = OnePlace::threading::Mutex;
using Jobs = std::vector<std::function<void()>>;

/// Adds one, in two steps, under a lock for each.
void add_in_two_steps(Mutex& mutex, int& sum) {
  mutex.lock();
  const int seen = sum;
  mutex.unlock();
  mutex.lock();
  sum = seen + 1;
  mutex.unlock();
}

/// Runs `run(choices)` by every schedule with so many stops at most; returns what goes wrong first.
template <class Run>
Explored search_all(int stops, const Run& run) {
  return search("planted", Schedule(), [&](Schedule& schedule) {
    BoundedChoices choices(schedule, stops);
    return run(choices);
  });
}

TEST_CASE("threads are stopped between two locks, if they may be stopped at all") {
  ThreadScheduler scheduler = scheduled_threads();
  const auto run = [&](Choices& choices) {
    Mutex mutex;
    int sum = 0;
    const auto add = [&] { add_in_two_steps(mutex, sum); };
    const std::string broken = scheduler.run(Jobs{add, add}, choices, ThreadScheduler::Grain::coarse);
    return broken.empty() && sum != 2 ? "a step is lost" : broken;
  };
  CHECK(search_all(0, run).broken.empty());
  const Explored explored = search_all(1, run);
  CHECK(explored.broken == "a step is lost");
  Schedule again(Schedule::parse(explored.choices));
  BoundedChoices choices(again, 1);
  CHECK(run(choices) == "a step is lost");
  CHECK(again.fits());
}

TEST_CASE("threads that wait for each other are found, and others run after them") {
  ThreadScheduler scheduler = scheduled_threads();
  std::size_t runs = 0;
  const auto run = [&](Choices& choices) {
    ++runs;
    // They are used by threads that wait for ever.
    auto& first = *new Mutex;
    auto& second = *new Mutex;
    const auto lock_both = [](Mutex& one, Mutex& other) {
      one.lock();
      other.lock();
      other.unlock();
      one.unlock();
    };
    const std::string broken =
        scheduler.run(Jobs{[&, lock_both] { lock_both(first, second); }, [&, lock_both] { lock_both(second, first); }},
                      choices, ThreadScheduler::Grain::coarse);
    if (broken.empty()) {
      delete &first;
      delete &second;
    }
    return broken;
  };
  CHECK(search_all(0, run).broken.empty());
  CHECK(runs == 2);
  CHECK_THAT(search_all(1, run).broken, Catch::Matchers::StartsWith("P3: all threads wait: 0 at \"lock\" 1 at"));
  CHECK(search_all(0, run).broken.empty());
  Mutex::held = 0;
}

TEST_CASE("a run that does not come to an end is given up") {
  ThreadScheduler scheduler = scheduled_threads();
  const auto run = [&](Choices& choices) {
    const auto turn_for_ever = [] {
      for (;;) ThreadScheduler::reach("turn");
    };
    return scheduler.run(Jobs{turn_for_ever}, choices, ThreadScheduler::Grain::coarse);
  };
  CHECK(search_all(0, run).broken == "P3: it does not come to an end: 0 at \"turn\"");
}

TEST_CASE("every order of the points of two threads is run, once each") {
  ThreadScheduler scheduler = scheduled_threads();
  std::multiset<std::string> orders;
  const auto run = [&](Choices& choices) {
    std::string order;
    const auto work = [&order](char name) {
      order += name;
      ThreadScheduler::reach("between");
      order += name;
    };
    const std::string broken =
        scheduler.run(Jobs{[&] { work('a'); }, [&] { work('b'); }}, choices, ThreadScheduler::Grain::coarse);
    orders.insert(order);
    return broken;
  };
  CHECK(search_all(2, run).broken.empty());
  CHECK(orders == std::multiset<std::string>{"aabb", "abab", "abba", "baab", "baba", "bbaa"});
}

TEST_CASE("a thread in a hurry is stopped only where it cannot go on") {
  ThreadScheduler scheduler = scheduled_threads();
  std::set<std::string> orders;
  const auto run = [&](Choices& choices) {
    Mutex mutex;
    std::string order;
    const auto hurries = [&] {
      const ThreadScheduler::Hurry hurry;
      order += "a";
      ThreadScheduler::reach("between");
      mutex.lock();
      order += "a";
      mutex.unlock();
      order += "a";
    };
    const auto holds = [&] {
      mutex.lock();
      order += "b";
      ThreadScheduler::reach("between");
      order += "b";
      mutex.unlock();
      order += "b";
    };
    const std::string broken = scheduler.run(Jobs{hurries, holds}, choices, ThreadScheduler::Grain::coarse);
    orders.insert(order);
    return broken;
  };
  CHECK(search_all(3, run).broken.empty());
  CHECK(orders == std::set<std::string>{"aaabbb", "babaab", "bbaaab", "bbbaaa"});
}

}  // namespace
