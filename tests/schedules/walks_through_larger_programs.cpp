#include "catch.hpp"
#include "configs.hpp"
#include "play.hpp"

#include <tiercache/tiercache.hpp>

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

using namespace support;

namespace {

/// Draws a program, and one schedule of it, for a seed.
template <class Played>
class Walk {
 public:
  using Asker = typename Played::Asker;

  explicit Walk(std::uint32_t seed) : random_(seed) {
    constexpr Act from_outside[] = {Act::invalidate,
                                    Act::invalidate_tier,
                                    Act::invalidate_all_by_predicate,
                                    Act::invalidate_none_by_predicate,
                                    Act::clear,
                                    Act::put,
                                    Act::get,
                                    Act::expire,
                                    Act::close,
                                    Act::leave,
                                    Act::leave,
                                    Act::stop,
                                    Act::stop,
                                    Act::drop_job,
                                    Act::refuse_job};
    constexpr Act on_answers[] = {Act::invalidate, Act::put,  Act::expire, Act::close,
                                  Act::leave,      Act::stop, Act::start,  Act::ask_again};
    constexpr Act in_fetches[] = {Act::invalidate, Act::put, Act::expire, Act::close, Act::leave, Act::stop};
    constexpr Act endings[] = {Act::end_with_failure, Act::end_with_none, Act::drop_fetch};
    program_ = {.acts = some_of(from_outside, 3 + below(5)), .endings = some_of(endings, 1 + below(2))};
    program_.may_end_at_once = below(4) == 0;
    program_.may_never_end = below(4) == 0;
    const bool only_outside = below(3) == 0;
    if (!only_outside) {
      program_.reactions = some_of(on_answers, below(4));
      program_.in_fetches = some_of(in_fetches, below(3));
    }
    for (std::size_t callers = 3 + below(4); callers != 0; --callers) askers_.push_back(some_asker(only_outside));
  }

  [[nodiscard]] const std::vector<Asker>& askers() const noexcept { return askers_; }
  [[nodiscard]] const Program& program() const noexcept { return program_; }

 private:
  [[nodiscard]] std::size_t below(std::size_t count) { return random_() % count; }
  template <std::size_t count>
  [[nodiscard]] std::vector<Act> some_of(const Act (&acts)[count], std::size_t how_many) {
    std::vector<Act> some;
    for (; how_many != 0; --how_many) some.push_back(acts[below(count)]);
    return some;
  }

  template <By by>
  [[nodiscard]] Asker asker() {
    constexpr bool stops = !is_of_many(by);
    const Asker askers[] = {Played::template asks<by>(), Played::template asks<by, stops>(),
                            Played::template asks<by, false, true>(), Played::template asks<by, stops, true>()};
    return askers[below(std::size(askers))];
  }
  [[nodiscard]] Asker some_asker(bool may_be_none) {
    switch (below(may_be_none ? 8 : 7)) {
      case 0:
        return asker<By::task>();
      case 1:
        return asker<By::plain>();
      case 2:
        return asker<By::owned>();
      case 3:
        return asker<By::loader>();
      case 4:
        return asker<By::many>();
      case 5:
        return asker<By::owned_many>();
      case 6:
        return asker<By::event>();
      default:
        // Only where nobody acts from inside: who cannot express "there is none" then asks again, nobody can tell when.
        return asker<By::maybe>();
    }
  }

  std::mt19937 random_;
  std::vector<Asker> askers_;
  Program program_;
};

}  // namespace

TEMPLATE_TEST_CASE("P1 to P12: larger programs, by schedules that are drawn", "", Shared, Local) {
  using Played = Plays<TestType>;
  Played play(TestType::name);
  constexpr std::uint32_t programs = 20'000;
  constexpr std::uint32_t walks = 5;
  for (std::uint32_t seed = 0; seed < programs; ++seed) {
    const Walk<Played> walk(seed);
    for (std::uint32_t i = 0; i < walks; ++i) {
      play.draw("walk " + std::to_string(seed), seed * walks + i, walk.askers(), walk.program());
    }
  }
  play.expect_at_least(programs * walks);
}
