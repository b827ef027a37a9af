#include "catch.hpp"
#include "configs.hpp"
#include "play.hpp"

#include <tiercache/tiercache.hpp>

#include <string>

using namespace support;

TEMPLATE_TEST_CASE("P1 to P4: who asks for a key while it is invalidated, written and read", "", Shared, Local) {
  using Played = Plays<TestType>;
  Played play(TestType::name);
  const auto event = Played::template asks<By::event>();
  const auto task = Played::template asks<By::task>();
  const auto plain = Played::template asks<By::plain>();
  const auto owned = Played::template asks<By::owned>();
  const auto loader = Played::template asks<By::loader>();

  for (const Act forget : {Act::invalidate, Act::invalidate_tier, Act::invalidate_all_by_predicate,
                           Act::invalidate_none_by_predicate, Act::clear, Act::put}) {
    const std::string name(name_of(forget));
    play(name + ", two ask", {event, event}, {.acts = {forget, Act::expire, Act::get}});
    if (forget == Act::invalidate_tier || forget == Act::clear) continue;  // to a key they are as the others
    play(name + ", they answer with it", {event, event, event},
         {.acts = {Act::put}, .reactions = {forget, Act::ask_again}});
    play(name + " twice, three ask", {event, event, event}, {.acts = {forget, forget}});
    play(name + ", in their fetches", {task, plain}, {.acts = {Act::invalidate, Act::expire}, .in_fetches = {forget}});
    play(name + ", all kinds ask", {plain, owned, loader}, {.acts = {forget}, .endings = {Act::drop_fetch}});
  }
  play("fetches that end at once", {event, task}, {.acts = {Act::invalidate, Act::expire}, .may_end_at_once = true});
  play.expect_at_least(15'000);
}

TEMPLATE_TEST_CASE("P2: who asks again as it gets a failure, and starts others, gets a new fetch", "", Shared, Local) {
  using Played = Plays<TestType>;
  Played play(TestType::name);
  const auto event = Played::template asks<By::event>();
  const auto owned = Played::template asks<By::owned>();
  play("ask again", {event, event, event}, {.acts = {Act::expire}, .reactions = {Act::ask_again, Act::ask_again}});
  play("start another", {event, event, event}, {.acts = {Act::invalidate}, .reactions = {Act::start, Act::start}});
  play("end another fetch", {event, owned},
       {.acts = {Act::invalidate, Act::invalidate}, .reactions = {Act::end_with_value, Act::ask_again}});
  play.expect_at_least(1'000);
}
