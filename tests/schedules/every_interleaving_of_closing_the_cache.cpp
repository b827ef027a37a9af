#include "catch.hpp"
#include "configs.hpp"
#include "play.hpp"

#include <tiercache/tiercache.hpp>

using namespace support;

TEMPLATE_TEST_CASE("P12: fetches end for those who wait for them after the cache is gone", "", Shared, Local) {
  using Played = Plays<TestType>;
  Played play(TestType::name);
  const auto event = Played::template asks<By::event>();
  const auto task = Played::template asks<By::task>();
  const auto plain = Played::template asks<By::plain>();
  const auto maybe = Played::template asks<By::maybe>();
  const auto owned = Played::template asks<By::owned>();
  const auto loader = Played::template asks<By::loader>();
  const auto stopped = Played::template asks<By::event, true>();
  const auto posted = Played::template asks<By::event, false, true>();
  const std::vector<Act> endings{Act::end_with_failure, Act::drop_fetch};

  play("who leave", {event, task, plain}, {.acts = {Act::close, Act::leave, Act::leave}, .endings = endings});
  play("with owned fetches", {owned, loader, event}, {.acts = {Act::close, Act::leave}, .may_never_end = true});
  play("with other answers", {maybe, maybe, event},
       {.acts = {Act::close, Act::leave}, .endings = {Act::end_with_none}});
  play("who stop", {event, stopped, stopped}, {.acts = {Act::close, Act::stop}, .endings = endings});
  play("who are posted", {event, posted, posted}, {.acts = {Act::close, Act::leave}});
  play("while it is written", {event, event}, {.acts = {Act::close, Act::put, Act::invalidate, Act::get}});
  play.expect_at_least(5'000);
}

TEMPLATE_TEST_CASE("P12: the cache may be destroyed by who gets an answer or runs a fetch", "", Shared, Local) {
  using Played = Plays<TestType>;
  Played play(TestType::name);
  const auto event = Played::template asks<By::event>();
  const auto task = Played::template asks<By::task>();
  const auto plain = Played::template asks<By::plain>();
  const auto maybe = Played::template asks<By::maybe>();
  const auto owned = Played::template asks<By::owned>();
  play("who gets an answer", {event, owned, event}, {.acts = {Act::invalidate}, .reactions = {Act::close, Act::leave}});
  play("who runs a fetch", {event, plain, task}, {.acts = {Act::leave, Act::leave}, .in_fetches = {Act::close}});
  play("who runs a fetch after another answer", {maybe, event, plain},
       {.acts = {Act::leave}, .in_fetches = {Act::close}, .endings = {Act::end_with_none}});
  play.expect_at_least(3'000);
}
