#include "catch.hpp"
#include "configs.hpp"
#include "play.hpp"

#include <tiercache/tiercache.hpp>

using namespace support;

TEMPLATE_TEST_CASE("P1, P3: who cannot express the answer of another's fetch asks anew", "", Shared, Local) {
  using Played = Plays<TestType>;
  Played play(TestType::name);
  const auto event = Played::template asks<By::event>();
  const auto plain = Played::template asks<By::plain>();
  const auto maybe = Played::template asks<By::maybe>();
  const auto owned = Played::template asks<By::owned>();
  const std::vector<Act> endings{Act::end_with_none, Act::end_with_failure};
  play("as they leave", {maybe, event, event}, {.acts = {Act::leave, Act::leave}, .endings = endings});
  play("as the key is forgotten", {maybe, event, owned}, {.acts = {Act::invalidate}, .endings = endings});
  play("twice", {maybe, maybe, event},
       {.acts = {Act::invalidate, Act::leave}, .endings = {Act::end_with_none}, .may_never_end = true});
  play("and get it at once", {maybe, plain, plain}, {.acts = {Act::invalidate, Act::leave}, .endings = endings});
  play("and are destroyed by their fetches", {maybe, event, event},
       {.acts = {Act::leave}, .in_fetches = {Act::leave}, .endings = {Act::end_with_none}});
  play.expect_at_least(3'000);
}
