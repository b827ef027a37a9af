#include "catch.hpp"
#include "configs.hpp"
#include "play.hpp"

#include <tiercache/tiercache.hpp>

using namespace support;

TEMPLATE_TEST_CASE("P1 to P5: bulk lookups among others, which leave", "", Shared, Local) {
  using Played = Plays<TestType>;
  Played play(TestType::name);
  const auto event = Played::template asks<By::event>();
  const auto plain = Played::template asks<By::plain>();
  const auto many = Played::template asks<By::many>();
  const auto owned_many = Played::template asks<By::owned_many>();
  play("one after the other", {many, many, many},
       {.acts = {Act::leave, Act::leave, Act::leave}, .endings = {Act::end_with_failure}});
  play("and single ones", {many, event, many}, {.acts = {Act::leave, Act::leave}, .endings = {Act::end_with_failure}});
  play("and those that are owned", {owned_many, many, plain}, {.acts = {Act::leave, Act::leave}});
  play("while the key is forgotten", {many, event, many}, {.acts = {Act::leave, Act::invalidate}});
  play("while it is written", {event, many, owned_many}, {.acts = {Act::leave, Act::put}});
  play("while time passes", {many, many}, {.acts = {Act::leave, Act::expire, Act::get}});
  play("whose fetches end at once", {event, many, many}, {.acts = {Act::leave, Act::leave}, .may_end_at_once = true});
  play.expect_at_least(2'000);
}

TEMPLATE_TEST_CASE("P2, P5: bulk lookups that are destroyed by others, or by a fetch", "", Shared, Local) {
  using Played = Plays<TestType>;
  Played play(TestType::name);
  const auto event = Played::template asks<By::event>();
  const auto many = Played::template asks<By::many>();
  const auto owned_many = Played::template asks<By::owned_many>();
  play("who get their answer", {event, many, many}, {.acts = {Act::leave}, .reactions = {Act::leave, Act::ask_again}});
  play("and forget it", {many, event, many}, {.acts = {Act::leave}, .reactions = {Act::leave, Act::invalidate}});
  play("and fail", {many, many, event},
       {.acts = {Act::leave}, .reactions = {Act::ask_again, Act::start}, .endings = {Act::end_with_failure}});
  play("by a fetch", {event, many, many},
       {.acts = {Act::leave, Act::leave}, .in_fetches = {Act::leave, Act::invalidate}});
  play("by one that ends at once", {event, many, event},
       {.acts = {Act::leave}, .in_fetches = {Act::leave}, .may_end_at_once = true});
  play("by one that is owned", {event, owned_many, many}, {.acts = {Act::leave}, .in_fetches = {Act::leave}});
  play.expect_at_least(1'000);
}

TEMPLATE_TEST_CASE("P3, P12: bulk lookups that an executor resumes, of answers that they cannot express", "", Shared,
                   Local) {
  using Played = Plays<TestType>;
  Played play(TestType::name);
  const auto event = Played::template asks<By::event>();
  const auto maybe = Played::template asks<By::maybe>();
  const auto many = Played::template asks<By::many>();
  const auto posted = Played::template asks<By::many, false, true>();
  play("that runs every job", {posted, posted, event}, {.acts = {Act::leave, Act::leave}});
  play("that drops or refuses jobs", {event, posted, posted}, {.acts = {Act::leave, Act::drop_job, Act::refuse_job}});
  play("and leave others", {event, posted, many}, {.acts = {Act::leave}, .reactions = {Act::leave}});
  play("of those who may find nothing", {maybe, many, event}, {.acts = {Act::leave}});
  play("of those who may find nothing, by an executor", {maybe, posted, maybe}, {.acts = {Act::leave}});
  play("of a cache that closes", {many, event, posted}, {.acts = {Act::close, Act::leave}});
  play.expect_at_least(2'000);
}
