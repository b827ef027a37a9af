#include "catch.hpp"
#include "configs.hpp"
#include "play.hpp"

#include <tiercache/tiercache.hpp>

#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

using namespace support;

namespace {

/// A kind of callers; those that cannot be told to stop are the same in both.
template <class Played>
struct Kind {
  std::string_view name;
  typename Played::Asker plain;
  typename Played::Asker stopped;
};
template <class Played, By by>
Kind<Played> kind(std::string_view name) {
  return {name, Played::template asks<by>(), Played::template asks<by, !is_of_many(by)>()};
}

/// What happens besides the callers and their fetches. To start is to ask as a third one.
constexpr Act actors[] = {Act::get,    Act::start, Act::put,   Act::invalidate,       Act::clear,
                          Act::expire, Act::stop,  Act::leave, Act::end_with_failure, Act::close};

/// Plays every program of two callers and two actors. `place` is where in a program the actors stand.
template <class Played>
void play_all(Played& play, std::vector<Act> Program::* place) {
  std::vector<Kind<Played>> kinds{
      kind<Played, By::event>("event"),           kind<Played, By::task>("task"),     kind<Played, By::plain>("plain"),
      kind<Played, By::owned>("owned"),           kind<Played, By::loader>("loader"), kind<Played, By::many>("many"),
      kind<Played, By::owned_many>("owned many"),
  };
  // Who cannot express "there is none" asks again while others act: from inside, nobody can tell what came first.
  if (place == &Program::acts) kinds.push_back(kind<Played, By::maybe>("maybe"));
  const auto play_with = [&](const Kind<Played>& first, const Kind<Played>& second, Act one, Act other) {
    const bool stops = one == Act::stop || other == Act::stop;
    std::vector<typename Played::Asker> askers{stops ? first.stopped : first.plain,
                                               stops ? second.stopped : second.plain};
    Program program{.acts = {}, .endings = {Act::end_with_none}};
    for (const Act act : {one, other}) {
      if (act == Act::start) askers.push_back(kinds[0].plain);
      (act == Act::end_with_failure ? program.endings : program.*place).push_back(act);
    }
    std::string name(first.name);
    for (const std::string_view part : {second.name, name_of(one), name_of(other)}) (name += ", ") += part;
    play(name, askers, program);
  };
  for (std::size_t first = 0; first < kinds.size(); ++first) {
    for (std::size_t second = first; second < kinds.size(); ++second) {
      for (std::size_t one = 0; one < std::size(actors); ++one) {
        for (std::size_t other = one; other < std::size(actors); ++other) {
          play_with(kinds[first], kinds[second], actors[one], actors[other]);
        }
      }
    }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("P1 to P12: any two callers and any two that act", "", Shared, Local) {
  Plays<TestType> play(TestType::name);
  play_all(play, &Program::acts);
  play.expect_at_least(200'000);
}

TEMPLATE_TEST_CASE("P1 to P12: any two callers and any two acts of who gets an answer", "", Shared, Local) {
  Plays<TestType> play(std::string(TestType::name) + ", on an answer");
  play_all(play, &Program::reactions);
  play.expect_at_least(50'000);
}

TEMPLATE_TEST_CASE("P1 to P12: any two callers and any two acts in fetches", "", Shared, Local) {
  Plays<TestType> play(std::string(TestType::name) + ", in fetches");
  play_all(play, &Program::in_fetches);
  play.expect_at_least(25'000);
}
