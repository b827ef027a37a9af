#include "catch.hpp"
#include "schedule.hpp"
#include "scheduled_threading.hpp"
#include "threaded_play.hpp"

#include <string>
#include <utility>
#include <vector>

using namespace support;

namespace {

using Grain = ThreadScheduler::Grain;

/// Runs programs by every schedule in which threads that could go on are stopped so many times at most.
template <class Config>
class Threads {
 public:
  void operator()(int stops, const ThreadedProgram& program, Grain grain = Grain::coarse) {
    const std::string fineness(grain == Grain::fine ? ", and in between" : "");
    const std::string name = std::string(Config::name) + ", " + std::to_string(stops) + " stops" + fineness + ": ";
    explore_(name + program.text(), [&](Schedule& schedule) {
      BoundedChoices choices(schedule, stops);
      return ThreadedPlay<Config>::run(scheduler_, program, choices, grain, schedule.told_to());
    });
  }
  void expect_at_least(std::size_t schedules) const { explore_.expect_at_least(schedules); }

 private:
  ThreadScheduler scheduler_ = scheduled_threads();
  Exploration explore_;
};

constexpr Do all_forgettings[] = {Do::put,
                                  Do::write,
                                  Do::invalidate,
                                  Do::invalidate_tier,
                                  Do::invalidate_all_by_predicate,
                                  Do::invalidate_none_by_predicate,
                                  Do::clear};
constexpr Do all_asks[] = {Do::ask_plainly,   Do::ask,           Do::ask_owned,          Do::ask_posted,
                           Do::ask_and_leave, Do::ask_stoppable, Do::ask_owned_stoppable};
constexpr Do all_bulk_asks[] = {Do::ask_many, Do::ask_many_owned, Do::ask_many_and_leave};

TEMPLATE_TEST_CASE("P1 to P4: a thread that asks, and one that forgets and reads", "", OnePlace, TwoPlaces) {
  Threads<TestType> play;
  for (const Do forget : all_forgettings) {
    for (const Do ask : all_asks) {
      for (const Ending ending : {Ending::at_once, Ending::later}) {
        play(2, {{{{ask, 0, ending}}, {{forget}, {Do::get}}}});
      }
    }
    for (const Do ask : all_bulk_asks) {
      play(1, {{{{ask, 0, Ending::later}}, {{forget, 1}, {Do::get, 1}}}});
    }
  }
  play.expect_at_least(1000);
}

// Who may read at the same time as others does not matter here.
TEST_CASE("P1 to P3, P5: threads that ask together, leave and stop") {
  Threads<OnePlace> play;
  for (const Do ask : all_asks) {
    for (const Do other : all_asks) {
      if (other < ask) continue;
      play(2, {{{{ask, 0, Ending::later}}, {{other, 0, Ending::later}}}});
      play(1, {{{{ask, 0, Ending::failure_later}}, {{other, 0, Ending::later}}}});
    }
    for (const Do other : all_bulk_asks) {
      play(1, {{{{ask, 1, Ending::later}}, {{other, 0, Ending::later}}}});
    }
    for (const Do stopped : {Do::ask_stoppable, Do::ask_owned_stoppable}) {
      play(1, {{{{stopped, 0, Ending::failure_later}}, {{ask, 0, Ending::later}}, {{Do::stop, 0}}}});
    }
  }
  play.expect_at_least(10'000);
}

TEMPLATE_TEST_CASE("P7, P8, P12: threads that read what goes while they read it", "", OnePlace, TwoPlaces) {
  Threads<TestType> play;
  for (const Do read : {Do::get, Do::visit, Do::peek, Do::ask_plainly}) {
    for (const Do forget : all_forgettings) play(2, {{{{read}}, {{forget}, {Do::put, 2}}}, true}, Grain::fine);
    for (const Do forget : {Do::trim, Do::purge, Do::close}) {
      play(2, {{{{read}}, {{Do::expire}, {forget}, {Do::put, 2}}}, true}, Grain::fine);
    }
  }
  for (const Do forget : all_forgettings) {
    for (const Do other : all_forgettings) {
      if (other >= forget) play(2, {{{{forget}}, {{other}, {Do::put, 2}}}, true}, Grain::fine);
    }
  }
  for (const Do ask : all_asks) play(2, {{{{ask, 0, Ending::later}}, {{Do::close}}}});
  play.expect_at_least(1000);
}

}  // namespace
