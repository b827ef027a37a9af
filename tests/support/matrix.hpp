// The matrix of callers and fetchers: every kind of the one with every kind of the other, as a table.
#pragma once

#include "caller_kinds.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "fetcher_kinds.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace support::matrix {

struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1),
                                                .not_found_ttl = std::chrono::minutes(1)};
};
using Cache = tiercache::BasicTieredCache<Shared, Cards>;

/// What one cell of the matrix is tried with.
struct Bench : Source {
  Bench() { tiercache::ManualClock::reset(); }
  std::unique_ptr<Cache> cache = std::make_unique<Cache>();
};

/// One cell: who calls, and with what.
struct Cell {
  const char* caller;
  const char* fetcher;
  bool comes_back;
  bool leaves_queued;
  bool is_owned;
  /// Starts a caller.
  std::unique_ptr<AnyCaller> (*ask)(Bench&);
  /// The same, for one that can be stopped; null where the table is made without.
  std::unique_ptr<AnyCaller> (*ask_until)(Bench&, std::stop_token);
};

template <class... Kind>
struct Kinds {};

using Callers = Kinds<EagerCaller, LazyCaller, PinnedCaller, CoAwaitCaller, ViaIfAsyncCaller, WrappingCaller>;
using Fetchers = Kinds<AwaiterFetcher, BoolFetcher, HandleFetcher, FreeFetcher, MoveOnlyFetcher, ReferenceFetcher,
                       ConstReferenceAnswer, ReferenceAnswer, RvalueReferenceAnswer, CharactersAnswer, TextAnswer,
                       EntryAnswer, OptionalAnswer, EagerFetcher, LazyFetcher, PinnedFetcher, RunFetcher,
                       OwnedRunFetcher, OwnedLazyFetcher, OwnedAwaiterFetcher>;

template <class F>
using Answer = typename decltype(std::declval<Cache&>().get_or_fetch<Cards>("", std::declval<F&>()))::result_type;

/// The fetcher is made in the coroutine and dies with it, as most do.
template <class Coroutine, class Fetcher>
Coroutine ask(Queue&, Bench& bench) {
  auto fetch = Fetcher::make(bench);
  co_return co_await bench.cache->template get_or_fetch<Cards>("a", fetch);
}
template <class Coroutine, class Fetcher>
Coroutine ask_until(Queue&, Bench& bench, std::stop_token token) {
  auto fetch = Fetcher::make(bench);
  co_return co_await bench.cache->template get_or_fetch<Cards>("a", fetch).stop_on(token);
}

template <bool CanStop, class Caller, class Fetcher>
Cell cell() {
  using F = decltype(Fetcher::make(std::declval<Source&>()));
  using Coroutine = typename Caller::template Coroutine<Answer<F>>;
  Cell made{Caller::name, Fetcher::name, Caller::comes_back, Caller::leaves_queued, Fetcher::is_owned,
            nullptr,      nullptr};
  made.ask = [](Bench& bench) { return support::start(matrix::ask<Coroutine, Fetcher>(bench.queue, bench)); };
  if constexpr (CanStop) {
    made.ask_until = [](Bench& bench, std::stop_token token) {
      return support::start(matrix::ask_until<Coroutine, Fetcher>(bench.queue, bench, std::move(token)));
    };
  }
  return made;
}

template <bool CanStop, class Caller, class... Fetcher>
void add_row(std::vector<Cell>& cells, Kinds<Fetcher...>) {
  (cells.push_back(matrix::cell<CanStop, Caller, Fetcher>()), ...);
}
template <bool CanStop, class... Caller, class Row>
std::vector<Cell> table(Kinds<Caller...>, Row row) {
  std::vector<Cell> cells;
  (matrix::add_row<CanStop, Caller>(cells, row), ...);
  return cells;
}

/// Runs `test(cell, bench)` for each, as a section of its own.
template <class Test>
void try_each(const std::vector<Cell>& cells, const Test& test) {
  for (const Cell& cell : cells) {
    DYNAMIC_SECTION(cell.caller << " asks, and the fetcher returns " << cell.fetcher) {
      Bench bench;
      test(cell, bench);
    }
  }
}

}  // namespace support::matrix
