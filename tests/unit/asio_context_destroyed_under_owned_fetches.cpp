#include "asio_gate.hpp"
#include "ask.hpp"
#include "catch.hpp"
#include "manual_fetch.hpp"

#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <string>

using namespace support;

namespace {

struct Fixture {
  Fixture() { tiercache::ManualClock::reset(); }

  /// Asks in a coroutine of a context, with an owned fetcher that Asio runs, by the gate, or one that it does not know.
  asio::awaitable<void> ask_owned(Gate& gate) {
    const auto fetch = [&gate](const std::string& key) { return gate.fetch(key); };
    auto owned = tiercache::owned(fetch);
    answer = co_await tiercache::get_or_fetch<Pages>(cache, "home", owned);
  }
  asio::awaitable<void> ask_foreign() {
    const auto fetch = [this] { return event(); };
    auto owned = tiercache::owned(fetch);
    answer = co_await tiercache::get_or_fetch<Pages>(cache, "home", owned);
  }
  asio::awaitable<void> ask_loader() { answer = co_await tiercache::get_or_fetch<Pages>(cache, "home"); }

  void check_free() {
    CHECK(cache.stats<Pages>().in_flight == 0);
    const auto at_once = [] { return std::string("new"); };
    CHECK(cache.get_or_fetch<Pages>("home", at_once).get() == "new");
  }

  ManualFetch<std::string> event;
  AsioCache cache;
  std::unique_ptr<asio::io_context> context = std::make_unique<asio::io_context>();
  std::string answer;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "P3: an owned fetch dies with the context that runs it, and is abandoned for all who wait") {
  Gate gate(*context);
  asio::co_spawn(*context, ask_owned(gate), asio::detached);
  context->poll();
  CHECK(gate.running == 1);
  const auto waiter = ask<Pages>(cache, "home", event);
  asio::io_context other;
  Gate others_gate(other);
  Caller others;
  asio::co_spawn(other, others.ask(cache, others_gate, "home"), asio::detached);
  other.poll();
  gate.let_go();
  context.reset();
  CHECK(gate.running == 0);
  other.restart();
  other.poll();
  CHECK_THROWS_AS(waiter.get(), tiercache::fetch_abandoned);
  CHECK(!others.error.empty());
  CHECK(event.started() == 0);
  CHECK(others_gate.begun == 0);
  check_free();
}

TEST_CASE_METHOD(Fixture, "P5: an owned fetch that is none of Asio's goes on without the context of its caller") {
  SECTION("an awaiter") {
    asio::co_spawn(*context, ask_foreign(), asio::detached);
  }
  SECTION("the loader's") {
    cache.set_loader<Pages>([this] { return event(); });
    asio::co_spawn(*context, ask_loader(), asio::detached);
  }
  context->poll();
  CHECK(event.running() == 1);
  const auto waiter = ask<Pages>(cache, "home", event);
  context.reset();
  CHECK(cache.stats<Pages>().in_flight == 1);
  event.complete("value");
  CHECK(waiter.get() == "value");
  CHECK(answer.empty());
  CHECK(cache.get<Pages>("home") == "value");
  CHECK(cache.stats<Pages>().in_flight == 0);
}

TEST_CASE_METHOD(Fixture,
                 "P3: operations of a context that is destroyed in mid-fetch never complete, and lock no key") {
  Gate gate(*context);
  const auto fetch = [&gate](const std::string& key) { return gate.fetch(key); };
  const auto witness = std::make_shared<int>(0);
  int completed = 0;
  const auto take = [&completed, witness](const std::exception_ptr&, const std::optional<std::string>&) {
    ++completed;
  };
  const auto executor = context->get_executor();
  SECTION("borrowed") {
    for (int i = 0; i < 3; ++i) tiercache::async_get_or_fetch<Pages>(cache, executor, "home", fetch, take);
  }
  SECTION("owned") {
    for (int i = 0; i < 3; ++i) {
      tiercache::async_get_or_fetch<Pages>(cache, executor, "home", tiercache::owned(fetch), take);
    }
  }
  SECTION("never begun") {
    for (int i = 0; i < 3; ++i) tiercache::async_get_or_fetch<Pages>(cache, executor, "home", fetch, take);
    gate.let_go();
    context.reset();
    CHECK(cache.stats<Pages>().lookups == 0);
  }
  if (context) {
    context->poll();
    CHECK(gate.running == 1);
    gate.let_go();
    context.reset();
  }
  CHECK(completed == 0);
  CHECK(witness.use_count() == 2);
  check_free();
}

TEST_CASE_METHOD(Fixture, "P3: a future whose context is destroyed in mid-fetch is broken") {
  Gate gate(*context);
  const auto fetch = [&gate](const std::string& key) { return gate.fetch(key); };
  auto future = tiercache::async_get_or_fetch<Pages>(cache, context->get_executor(), "home", fetch, asio::use_future);
  context->poll();
  gate.let_go();
  context.reset();
  CHECK_THROWS_AS(future.get(), std::future_error);
  check_free();
}

TEST_CASE_METHOD(Fixture, "P5: an operation whose context is destroyed passes its fetch on to one of another context") {
  asio::io_context other;
  Gate others_gate(other);
  Gate gate(*context);
  const auto fetch = [&gate](const std::string& key) { return gate.fetch(key); };
  const auto fetch_there = [&others_gate](const std::string& key) { return others_gate.fetch(key); };
  const auto nobody = [](const std::exception_ptr&, const std::optional<std::string>&) { FAIL("must not complete"); };
  tiercache::async_get_or_fetch<Pages>(cache, context->get_executor(), "home", fetch, nobody);
  context->poll();
  tiercache::async_get_or_fetch<Pages>(
      cache, other.get_executor(), "home", fetch_there,
      [this](const std::exception_ptr&, const std::optional<std::string>& its) { answer = its.value(); });
  other.poll();
  CHECK(others_gate.begun == 0);
  gate.let_go();
  context.reset();
  other.poll();
  CHECK(others_gate.begun == 1);
  others_gate.open();
  other.poll();
  CHECK(answer == "home #1");
  CHECK(cache.stats<Pages>().in_flight == 0);
}
