#include "catch.hpp"
#include "configs.hpp"
#include "play.hpp"

#include <tiercache/tiercache.hpp>

using namespace support;

TEMPLATE_TEST_CASE("P3, P5: callers who are destroyed wherever they are suspended", "", Shared, Local) {
  using Played = Plays<TestType>;
  Played play(TestType::name);
  const auto event = Played::template asks<By::event>();
  const auto task = Played::template asks<By::task>();
  const auto plain = Played::template asks<By::plain>();
  const auto owned = Played::template asks<By::owned>();
  const auto loader = Played::template asks<By::loader>();

  play("one after the other", {event, event, event},
       {.acts = {Act::leave, Act::leave, Act::leave}, .endings = {Act::end_with_failure, Act::drop_fetch}});
  play("with fetches of every kind", {task, owned, plain}, {.acts = {Act::leave, Act::leave}, .may_never_end = true});
  play("from owned fetches", {owned, loader, event},
       {.acts = {Act::leave, Act::leave}, .endings = {Act::drop_fetch}, .may_never_end = true});
  play("while the key is forgotten", {event, task, owned}, {.acts = {Act::leave, Act::invalidate}});
  play("while it is written", {event, event, event}, {.acts = {Act::leave, Act::leave, Act::put}});
  play("with fetches that end at once", {event, task, event},
       {.acts = {Act::leave, Act::leave}, .may_end_at_once = true});
  play.expect_at_least(5'000);
}

TEMPLATE_TEST_CASE("P5: callers who are destroyed by others who get their answer", "", Shared, Local) {
  using Played = Plays<TestType>;
  Played play(TestType::name);
  const auto event = Played::template asks<By::event>();
  const auto task = Played::template asks<By::task>();
  const auto owned = Played::template asks<By::owned>();
  play("and ask again", {event, event, event}, {.acts = {Act::leave}, .reactions = {Act::leave, Act::ask_again}});
  play("and forget", {event, task, event}, {.acts = {Act::leave}, .reactions = {Act::leave, Act::invalidate}});
  play("whose own fetch is owned", {owned, event, owned},
       {.acts = {Act::invalidate}, .reactions = {Act::leave, Act::leave}, .endings = {Act::drop_fetch}});
  play.expect_at_least(1'000);
}

TEMPLATE_TEST_CASE("P5: callers who are destroyed by a fetch, their own or another's", "", Shared, Local) {
  using Played = Plays<TestType>;
  Played play(TestType::name);
  const auto event = Played::template asks<By::event>();
  const auto task = Played::template asks<By::task>();
  const auto plain = Played::template asks<By::plain>();
  const auto owned = Played::template asks<By::owned>();
  const auto loader = Played::template asks<By::loader>();
  play("awaitable", {event, task, task},
       {.acts = {Act::leave, Act::leave}, .in_fetches = {Act::leave, Act::invalidate}});
  play("at once", {event, plain, plain}, {.acts = {Act::leave, Act::leave}, .in_fetches = {Act::leave, Act::leave}});
  play("awaitable, but ends at once", {event, task, event},
       {.acts = {Act::leave}, .in_fetches = {Act::leave}, .may_end_at_once = true});
  play("owned", {event, owned, loader}, {.acts = {Act::leave, Act::leave}, .in_fetches = {Act::leave, Act::leave}});
  play.expect_at_least(1'000);
}
