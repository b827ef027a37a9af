#include "asio_gate.hpp"
#include "ask.hpp"
#include "catch.hpp"
#include "fetcher_kinds.hpp"

#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using namespace support;

namespace {

/// What the fetchers of one test are made from, and who runs them.
struct Bench : Source {
  Bench() { tiercache::ManualClock::reset(); }

  [[nodiscard]] int started() const { return gate.begun + event.started(); }
  [[nodiscard]] int running() const { return gate.running + static_cast<int>(event.running()); }
  void poll() {
    do {
      queue.run();
      context.restart();
    } while (context.poll() != 0 || queue.size() != 0);
  }
  /// Ends all fetches that are under way.
  void complete() {
    gate.open();
    while (event.running() != 0) event.complete("home #1");
    poll();
  }
  void fail() {
    gate.fails = true;
    gate.open();
    while (event.running() != 0) event.fail(std::runtime_error("no home"));
    poll();
    gate.fails = false;
  }

  AsioCache cache;
  asio::io_context context;
  asio::strand<asio::io_context::executor_type> strand = asio::make_strand(context);
  Gate gate{context};
};

/// What became of a caller, and whether it goes on where it should.
struct Outcome {
  std::string answer;
  std::string error;
  bool is_placed = false;

  void fail(const std::exception_ptr& failure) {
    try {
      std::rethrow_exception(failure);
    } catch (const SystemError& its) {
      error = its.code() == asio::error::operation_aborted ? "aborted" : its.what();
    } catch (const std::exception& its) {
      error = its.what();
    }
  }
  [[nodiscard]] bool is_done() const { return !answer.empty() || !error.empty(); }
};

// Kinds of fetchers; of each, whether it belongs to the cache.

template <class Answer>
asio::awaitable<Answer> fetch_as(Bench& bench, const std::string& key) {
  std::string answer = co_await bench.gate.fetch(key);
  if constexpr (std::is_same_v<Answer, tiercache::CacheEntry<std::string>>) {
    Answer entry;
    entry.value = answer;
    co_return entry;
  } else {
    co_return Answer(answer);
  }
}
template <class Answer>
struct AwaitableFetch {
  static constexpr bool is_owned = false;
  static auto make(Bench& bench) {
    return [&bench](const std::string& key) { return fetch_as<Answer>(bench, key); };
  }
};
template <class Kind>
struct OwnedFetch {
  static constexpr bool is_owned = true;
  static auto make(Bench& bench) {
    auto fetch = Kind::make(bench);
    return tiercache::owned(fetch);
  }
};

struct Value : AwaitableFetch<std::string> {
  static constexpr const char* name = "an asio::awaitable";
};
struct Optional : AwaitableFetch<std::optional<std::string>> {
  static constexpr const char* name = "an asio::awaitable of an optional";
};
struct Entry : AwaitableFetch<tiercache::CacheEntry<std::string>> {
  static constexpr const char* name = "an asio::awaitable of an entry";
};
struct Converts : AwaitableFetch<Text> {
  static constexpr const char* name = "an asio::awaitable of what converts";
};
struct OwnedValue : OwnedFetch<Value> {
  static constexpr const char* name = "an asio::awaitable, owned";
};
struct OwnedAwaiter : OwnedFetch<AwaiterFetcher> {
  static constexpr const char* name = "a plain awaiter, owned";
};
struct OwnedFree : OwnedFetch<FreeFetcher> {
  static constexpr const char* name = "what has a free operator co_await, owned";
};
struct OwnedTask : OwnedFetch<LazyFetcher> {
  static constexpr const char* name = "a lazy task, owned";
};
struct OwnedEager : OwnedFetch<EagerFetcher> {
  static constexpr const char* name = "a task that starts at once, owned";
};
struct OwnedMoveOnly : OwnedFetch<MoveOnlyFetcher> {
  static constexpr const char* name = "what can only be moved, owned";
};
struct OwnedReference : OwnedFetch<ConstReferenceAnswer> {
  static constexpr const char* name = "what gives a const reference, owned";
};

// Kinds of callers.

struct Cell {
  const char* fetcher;
  bool is_owned;
  void (*ask)(Bench&, Outcome&, asio::cancellation_signal&);
};

template <class Fetcher>
asio::awaitable<void> ask_in_coroutine(Bench& bench, Outcome& outcome) {
  auto fetch = Fetcher::make(bench);
  try {
    const auto answer = co_await tiercache::get_or_fetch<Pages>(bench.cache, "home", fetch);
    if constexpr (requires { answer.value(); }) {
      outcome.answer = answer.value();
    } else {
      outcome.answer = answer;
    }
  } catch (...) {
    outcome.fail(std::current_exception());
  }
}
template <class Fetcher>
asio::awaitable<void> ask_on_strand(Bench& bench, Outcome& outcome) {
  co_await ask_in_coroutine<Fetcher>(bench, outcome);
  outcome.is_placed = bench.strand.running_in_this_thread();
}
template <class Fetcher>
asio::awaitable<void> ask_on_context(Bench& bench, Outcome& outcome) {
  co_await ask_in_coroutine<Fetcher>(bench, outcome);
  outcome.is_placed = bench.context.get_executor().running_in_this_thread() && !bench.queue.is_running;
}

struct OnContext {
  template <class Fetcher>
  static void ask(Bench& bench, Outcome& outcome, asio::cancellation_signal& cancel) {
    asio::co_spawn(bench.context, ask_on_context<Fetcher>(bench, outcome),
                   asio::bind_cancellation_slot(cancel.slot(), asio::detached));
  }
};
struct OnStrand {
  template <class Fetcher>
  static void ask(Bench& bench, Outcome& outcome, asio::cancellation_signal& cancel) {
    asio::co_spawn(bench.strand, ask_on_strand<Fetcher>(bench, outcome),
                   asio::bind_cancellation_slot(cancel.slot(), asio::detached));
  }
};
struct AsOperation {
  template <class Fetcher>
  static void ask(Bench& bench, Outcome& outcome, asio::cancellation_signal& cancel) {
    const auto take = [&](const std::exception_ptr& failure, const auto& answer) {
      outcome.is_placed = bench.strand.running_in_this_thread();
      if (failure) return outcome.fail(failure);
      if constexpr (requires { answer.value().value(); }) {
        outcome.answer = answer.value().value();
      } else {
        outcome.answer = answer.value();
      }
    };
    tiercache::async_get_or_fetch<Pages>(bench.cache, bench.strand, "home", Fetcher::make(bench),
                                         asio::bind_cancellation_slot(cancel.slot(), take));
  }
};

template <class Caller, class... Fetcher>
std::vector<Cell> row() {
  return {{Fetcher::name, Fetcher::is_owned, Caller::template ask<Fetcher>}...};
}

template <class Caller, class Test>
void try_all(const Test& test) {
  for (const Cell& cell : row<Caller, Value, Optional, Entry, Converts, OwnedValue, OwnedAwaiter, OwnedFree, OwnedTask,
                              OwnedEager, OwnedMoveOnly, OwnedReference>()) {
    DYNAMIC_SECTION("the fetcher returns " << cell.fetcher) {
      Bench bench;
      Outcome outcomes[3];
      asio::cancellation_signal cancel[3];
      const auto ask = [&](int i) {
        cell.ask(bench, outcomes[i], cancel[i]);
        bench.poll();
      };
      test(cell, bench, outcomes, cancel, ask);
    }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("P9: asio callers hit with whatever fetcher, and call none", "", OnContext, OnStrand, AsOperation) {
  try_all<TestType>([](const Cell&, Bench& bench, Outcome* outcomes, auto&, const auto& ask) {
    bench.cache.template put<Pages>("home", "stored");
    ask(0);
    CHECK(outcomes[0].answer == "stored");
    CHECK(outcomes[0].is_placed);
    CHECK(bench.started() == 0);
  });
}

TEMPLATE_TEST_CASE("P1: asio callers with whatever fetcher share one fetch, and one of another kind joins", "",
                   OnContext, OnStrand, AsOperation) {
  try_all<TestType>([](const Cell&, Bench& bench, Outcome* outcomes, auto&, const auto& ask) {
    ask(0);
    ask(1);
    const auto stranger = support::ask<Pages>(bench.cache, "home", bench.event);
    CHECK(bench.started() == 1);
    CHECK(!outcomes[0].is_done());
    bench.complete();
    CHECK(outcomes[0].answer == "home #1");
    CHECK(outcomes[1].answer == "home #1");
    CHECK(outcomes[0].is_placed);
    CHECK(outcomes[1].is_placed);
    CHECK(stranger.get() == "home #1");
    CHECK(bench.cache.template get<Pages>("home") == "home #1");
    CHECK(bench.cache.template stats<Pages>().in_flight == 0);
  });
}

TEMPLATE_TEST_CASE("P1: asio callers with whatever fetcher join one of another kind", "", OnContext, OnStrand,
                   AsOperation) {
  try_all<TestType>([](const Cell&, Bench& bench, Outcome* outcomes, auto&, const auto& ask) {
    auto stranger = support::ask<Pages>(bench.cache, "home", bench.event);
    ask(0);
    ask(1);
    CHECK(bench.started() == 1);
    SECTION("and get its answer where they belong") {
      bench.event.complete("home #1");
      CHECK(!outcomes[0].is_done());
      bench.poll();
      CHECK(stranger.get() == "home #1");
    }
    SECTION("and take over when it leaves") {
      stranger.leave();
      bench.poll();
      CHECK(bench.started() == 2);
      CHECK(bench.running() == 1);
      bench.complete();
    }
    CHECK(outcomes[0].answer == "home #1");
    CHECK(outcomes[1].answer == "home #1");
    CHECK(outcomes[0].is_placed);
    CHECK(bench.cache.template stats<Pages>().in_flight == 0);
  });
}

TEMPLATE_TEST_CASE("P2: what any fetcher throws reaches all asio callers, and is not stored", "", OnContext, OnStrand,
                   AsOperation) {
  try_all<TestType>([](const Cell&, Bench& bench, Outcome* outcomes, auto&, const auto& ask) {
    ask(0);
    ask(1);
    bench.fail();
    CHECK(outcomes[0].error == "no home");
    CHECK(outcomes[1].error == "no home");
    CHECK(outcomes[1].is_placed);
    CHECK(bench.cache.template size<Pages>() == 0);
    ask(2);
    CHECK(bench.started() == 2);
    bench.complete();
    CHECK(outcomes[2].is_done());
  });
}

TEMPLATE_TEST_CASE("P5: an asio waiter that is cancelled leaves, whatever the fetcher", "", OnContext, OnStrand,
                   AsOperation) {
  try_all<TestType>([](const Cell&, Bench& bench, Outcome* outcomes, auto& cancel, const auto& ask) {
    for (int i = 0; i < 3; ++i) ask(i);
    cancel[1].emit(asio::cancellation_type::terminal);
    bench.poll();
    CHECK(outcomes[1].error == "aborted");
    CHECK(outcomes[1].is_placed);
    CHECK(!outcomes[0].is_done());
    bench.complete();
    CHECK(outcomes[0].answer == "home #1");
    CHECK(outcomes[2].answer == "home #1");
    CHECK(bench.started() == 1);
  });
}

TEMPLATE_TEST_CASE("P5: an asio leader that is cancelled takes its fetch along, unless that is owned", "", OnContext,
                   OnStrand, AsOperation) {
  try_all<TestType>([](const Cell& cell, Bench& bench, Outcome* outcomes, auto& cancel, const auto& ask) {
    for (int i = 0; i < 3; ++i) ask(i);
    cancel[0].emit(asio::cancellation_type::terminal);
    bench.poll();
    CHECK(outcomes[0].error == "aborted");
    CHECK(outcomes[0].is_placed);
    CHECK(bench.started() == (cell.is_owned ? 1 : 2));
    CHECK(bench.running() == 1);
    bench.complete();
    CHECK(outcomes[1].answer == (cell.is_owned ? "home #1" : "home #2"));
    CHECK(outcomes[2].answer == outcomes[1].answer);
    CHECK(bench.cache.template stats<Pages>().in_flight == 0);
  });
}
