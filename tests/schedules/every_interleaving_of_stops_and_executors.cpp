#include "catch.hpp"
#include "configs.hpp"
#include "play.hpp"

#include <tiercache/tiercache.hpp>

using namespace support;

TEMPLATE_TEST_CASE("P3, P5: callers who are told to stop", "", Shared, Local) {
  using Played = Plays<TestType>;
  Played play(TestType::name);
  const auto event = Played::template asks<By::event>();
  const auto stopped = Played::template asks<By::event, true>();
  const auto stopped_task = Played::template asks<By::task, true>();
  const auto stopped_plain = Played::template asks<By::plain, true>();
  const auto stopped_owned = Played::template asks<By::owned, true>();
  const std::vector<Act> endings{Act::end_with_failure, Act::drop_fetch};
  play("all of them", {stopped, stopped, stopped}, {.acts = {Act::stop, Act::stop}, .endings = endings});
  play("or leave", {stopped, stopped, stopped_task}, {.acts = {Act::stop, Act::leave}});
  play("with fetches of other kinds", {stopped_plain, stopped_owned, stopped},
       {.acts = {Act::stop, Act::stop}, .may_never_end = true});
  play("by others who get their answer", {event, stopped, stopped},
       {.acts = {Act::stop}, .reactions = {Act::stop, Act::leave}});
  play("by a fetch", {event, stopped, stopped_task}, {.acts = {Act::leave}, .in_fetches = {Act::stop, Act::stop}});
  play("by a fetch that destroys them", {event, stopped, stopped_plain},
       {.acts = {Act::leave}, .in_fetches = {Act::stop, Act::leave}, .may_end_at_once = true});
  play.expect_at_least(6'000);
}

TEMPLATE_TEST_CASE("P3, P5: callers who are resumed by an executor", "", Shared, Local) {
  using Played = Plays<TestType>;
  Played play(TestType::name);
  const auto event = Played::template asks<By::event>();
  const auto posted = Played::template asks<By::event, false, true>();
  const auto posted_task = Played::template asks<By::task, false, true>();
  const auto posted_plain = Played::template asks<By::plain, false, true>();
  const auto posted_owned = Played::template asks<By::owned, false, true>();
  play("that runs every job", {posted, posted, posted}, {.acts = {Act::leave}});
  play("that drops or refuses jobs", {event, posted, posted}, {.acts = {Act::drop_job, Act::refuse_job}});
  play("with fetches of other kinds", {posted_task, posted_owned, posted_plain}, {.acts = {Act::leave}, .endings = {}});
  play("while time passes", {event, posted}, {.acts = {Act::leave, Act::expire, Act::get}});
  play("and leave others", {event, posted, event}, {.acts = {Act::leave}, .reactions = {Act::leave}});
  play.expect_at_least(6'000);
}

TEMPLATE_TEST_CASE("P3, P5: callers who are told to stop where an executor resumes them", "", Shared, Local) {
  using Played = Plays<TestType>;
  Played play(TestType::name);
  const auto event = Played::template asks<By::event>();
  const auto both = Played::template asks<By::event, true, true>();
  const auto plain = Played::template asks<By::plain>();
  const auto both_owned = Played::template asks<By::owned, true, true>();
  play("and leave", {event, both, event}, {.acts = {Act::leave, Act::stop}});
  play("and drops a job", {event, both}, {.acts = {Act::leave, Act::stop, Act::drop_job}});
  play("by others", {event, both, plain}, {.acts = {Act::leave, Act::stop}, .reactions = {Act::leave}});
  play("with owned fetches", {both_owned, both}, {.acts = {Act::leave, Act::stop, Act::refuse_job}});
  play("by a fetch", {event, both, event}, {.acts = {Act::leave}, .in_fetches = {Act::stop}});
  play.expect_at_least(5'000);
}
