#include "ask.hpp"
#include "catch.hpp"
#include "matrix.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace support;
using namespace support::matrix;

namespace {

enum class Place { at_once, inline_, own_executor, given };

Place place_of(const Bench& bench, const Queue& given) {
  if (given.is_running) return Place::given;
  return bench.queue.is_running ? Place::own_executor : Place::inline_;
}

/// Where a caller was when its lookup had ended, and what it got.
struct Trail {
  Queue given;
  Place place = Place::at_once;
  std::string answer;
};

/// Notes where it goes on; "a" is awaited as whatever the modifiers made of it.
template <class Coroutine, class Make>
Coroutine note(Queue&, Bench& bench, Trail& trail, Make make) {
  std::string answer;
  try {
    answer = co_await make(bench, trail);
  } catch (const std::exception& failure) {
    answer = failure.what();
  }
  trail.place = place_of(bench, trail.given);
  trail.answer = answer;
  co_return answer;
}

struct Lookup {
  template <class Fetcher>
  static auto make(Bench& bench, Trail&, Fetcher& fetcher) {
    return bench.cache->get_or_fetch<Cards>("a", fetcher);
  }
};
struct Posted {
  template <class Fetcher>
  static auto make(Bench& bench, Trail& trail, Fetcher& fetcher) {
    return bench.cache->get_or_fetch<Cards>("a", fetcher).resume_on([&trail](auto job) { trail.given.post(job); });
  }
};

/// The lookup refers to the fetcher, which the bench keeps.
template <class Modified>
struct Make {
  auto operator()(Bench& bench, Trail& trail) const { return Modified::make(bench, trail, bench.event); }
};

struct Kind {
  const char* name;
  bool comes_back;
  bool is_plain;
  std::unique_ptr<AnyCaller> (*ask)(Bench&, Trail&);
  std::unique_ptr<AnyCaller> (*ask_posted)(Bench&, Trail&);
};

template <class Caller, class Modified>
std::unique_ptr<AnyCaller> ask_noting(Bench& bench, Trail& trail) {
  using Coroutine = typename Caller::template Coroutine<std::string>;
  return support::start(note<Coroutine>(bench.queue, bench, trail, Make<Modified>()));
}

template <class... Caller>
std::vector<Kind> kinds() {
  return {
      {Caller::name, Caller::comes_back, Caller::is_plain, ask_noting<Caller, Lookup>, ask_noting<Caller, Posted>}...};
}

template <class Test>
void try_all(const Test& test) {
  for (const Kind& kind :
       kinds<EagerCaller, LazyCaller, PinnedCaller, CoAwaitCaller, ViaIfAsyncCaller, AffineCaller, WrappingCaller>()) {
    DYNAMIC_SECTION(kind.name) {
      Bench bench;
      Trail trail;
      test(kind, bench, trail);
    }
  }
}

}  // namespace

TEST_CASE("whoever waited goes on on the executor of its promise if that has one, else where the fetch ended") {
  try_all([](const Kind& kind, Bench& bench, Trail& trail) {
    const Place expected = kind.comes_back ? Place::own_executor : Place::inline_;
    SECTION("a leader") {
      const auto leader = kind.ask(bench, trail);
      bench.event.complete("value");
      CHECK(leader->is_done() == !kind.comes_back);
      bench.queue.run();
      CHECK(trail.answer == "value");
      CHECK(trail.place == expected);
    }
    SECTION("a waiter") {
      const auto leader = ask<Cards>(*bench.cache, "a", bench.event);
      const auto waiter = kind.ask(bench, trail);
      bench.event.complete("value");
      bench.queue.run();
      CHECK(trail.answer == "value");
      CHECK(trail.place == expected);
    }
    SECTION("one whose fetch failed") {
      const auto leader = kind.ask(bench, trail);
      bench.event.fail(std::runtime_error("no"));
      bench.queue.run();
      CHECK(trail.answer == "no");
      CHECK(trail.place == expected);
    }
    SECTION("one who came to lead") {
      auto leader = ask<Cards>(*bench.cache, "a", bench.event);
      const auto next = kind.ask(bench, trail);
      leader.leave();
      bench.queue.run();
      CHECK(bench.event.started() == 2);
      bench.event.complete("value");
      bench.queue.run();
      CHECK(trail.answer == "value");
      CHECK(trail.place == expected);
    }
  });
}

TEST_CASE("whoever was told where to resume goes on there, whatever the executor of its promise is") {
  try_all([](const Kind& kind, Bench& bench, Trail& trail) {
    // Who wraps everything goes from there to its own executor: it does not know better.
    const bool returns = std::string(kind.name) == WrappingCaller::name;
    const Place expected = returns ? Place::own_executor : Place::given;
    SECTION("a leader") {
      const auto leader = kind.ask_posted(bench, trail);
      bench.event.complete("value");
      CHECK(bench.queue.size() == 0);
      CHECK(trail.given.size() == 1);
      CHECK(!leader->is_done());
    }
    SECTION("a waiter") {
      const auto leader = ask<Cards>(*bench.cache, "a", bench.event);
      const auto waiter = kind.ask_posted(bench, trail);
      bench.event.complete("value");
      CHECK(trail.given.size() == 1);
      trail.given.run();
      bench.queue.run();
      CHECK(waiter->get() == "value");
      CHECK(trail.place == expected);
    }
    SECTION("one who came to lead") {
      auto leader = ask<Cards>(*bench.cache, "a", bench.event);
      const auto next = kind.ask_posted(bench, trail);
      leader.leave();
      CHECK(bench.event.started() == 1);
      trail.given.run();
      CHECK(bench.event.started() == 2);
      bench.event.complete("value");
      trail.given.run();
      bench.queue.run();
      CHECK(next->get() == "value");
      CHECK(trail.place == expected);
    }
  });
}

TEST_CASE("P9: whoever does not have to wait goes on where it is, and no executor hears of it") {
  try_all([](const Kind& kind, Bench& bench, Trail& trail) {
    bench.cache->put<Cards>("a", "stored");
    const auto hit = kind.ask(bench, trail);
    CHECK(hit->get() == "stored");
    CHECK(trail.place == Place::inline_);
    const auto posted = kind.ask_posted(bench, trail);
    CHECK(posted->get() == "stored");
    CHECK(trail.place == Place::inline_);
    CHECK(bench.queue.size() == 0);
    CHECK(trail.given.size() == 0);
  });
}
