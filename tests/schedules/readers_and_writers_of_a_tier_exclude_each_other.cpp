#include "catch.hpp"
#include "schedule.hpp"
#include "scheduled_threading.hpp"
#include "thread_scheduler.hpp"

#include <tiercache/tiercache.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace support;

namespace {

using Lock = tiercache::detail::TierLock<TwoPlaces::threading::Mutex, 2>;

/// A lock, and who is inside.
struct Guarded {
  Lock lock;
  int readers = 0;
  int writers = 0;
  bool is_broken = false;

  void look() {
    if (writers > 1 || (writers == 1 && readers != 0)) is_broken = true;
  }
  void read() {
    Lock::Place& place = lock.lock_shared();
    ++readers;
    look();
    ThreadScheduler::reach("read");
    --readers;
    lock.unlock_shared(place);
  }
  void write() {
    lock.lock();
    ++writers;
    look();
    ThreadScheduler::reach("write");
    --writers;
    lock.unlock();
  }
};

/// Runs threads that each read (r) and write (w) in an order, by every schedule with so many stops at most.
void run_all(Exploration& explore, ThreadScheduler& scheduler, int stops, const std::vector<std::string>& threads) {
  std::string name = std::to_string(stops) + " stops";
  for (const std::string& thread : threads) name += ", " + thread;
  explore(name, [&](Schedule& schedule) {
    const auto guarded = std::make_shared<Guarded>();
    std::vector<std::function<void()>> jobs;
    for (const std::string& thread : threads) {
      jobs.emplace_back([guarded, thread] {
        for (const char step : thread) step == 'r' ? guarded->read() : guarded->write();
      });
    }
    BoundedChoices choices(schedule, stops);
    std::string broken = scheduler.run(std::move(jobs), choices, ThreadScheduler::Grain::fine, schedule.told_to());
    return guarded->is_broken ? "somebody is inside beside one who has it whole" : broken;
  });
}

TEST_CASE("readers and whoever changes something are never inside a tier's lock at once, and none waits for ever") {
  ThreadScheduler scheduler = scheduled_threads();
  Exploration explore;
  run_all(explore, scheduler, 5, {"r", "ww"});
  run_all(explore, scheduler, 4, {"rr", "ww"});
  run_all(explore, scheduler, 3, {"r", "r", "w"});
  run_all(explore, scheduler, 3, {"r", "w", "w"});
  run_all(explore, scheduler, 2, {"rw", "wr", "rw"});
  explore.expect_at_least(10'000);
}

}  // namespace
