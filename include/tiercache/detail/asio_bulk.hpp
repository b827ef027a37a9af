// How an asio::awaitable looks up many keys. How one is looked up is in detail/asio_fetch.hpp; how answers find their
// keys, in detail/bulk_batch.hpp.
#pragma once

#include <tiercache/detail/asio_fetch.hpp>
#include <tiercache/detail/asio_library.hpp>
#include <tiercache/detail/asio_waiter.hpp>
#include <tiercache/detail/awaitable.hpp>
#include <tiercache/detail/bulk_batch.hpp>
#include <tiercache/detail/bulk_fetching.hpp>
#include <tiercache/detail/bulk_miss.hpp>
#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/fetching.hpp>
#include <tiercache/detail/key.hpp>
#include <tiercache/detail/lookups.hpp>
#include <tiercache/detail/reference.hpp>

#include <cstddef>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace tiercache::detail {

/// What a fetcher for many keys gives, with the executor, if that is one of Asio's awaitables.
template <class T, class F, class Called>
struct AsioBulkCalled : BulkFetching<T, F> {
  static_assert(!LooksAwaitable<Called>,
                "tiercache: in an asio::awaitable a fetcher for many keys returns an asio::awaitable, or its answers "
                "at once");
  using Executor = net::any_io_executor;
  static constexpr bool is_awaited = false;
};
template <class T, class F, class A, class E>
struct AsioBulkCalled<T, F, net::awaitable<A, E>> {
  using Executor = E;
  static constexpr bool is_awaited = true;
};
template <class T, class F>
using AsioBulkFetching = AsioBulkCalled<T, F, CalledBulkFetcher<T, typename GivenFetcher<F>::Fetcher>>;

/// A batch that passes on what it has not ended, when its coroutine does.
template <class Control>
class LeadingBatch {
 public:
  LeadingBatch() noexcept = default;
  LeadingBatch(const LeadingBatch&) = delete;
  LeadingBatch& operator=(const LeadingBatch&) = delete;
  ~LeadingBatch() { batch.pass_on(); }

  Batch<Control> batch;
};

TIERCACHE_COROUTINE_KEEPS_CLOSURES_BEGIN

/// Runs the fetch of a batch as a part of the calling coroutine. If that is cancelled, the batch is passed on.
template <class T, class F, class Control>
net::awaitable<void, typename AsioBulkFetching<T, F>::Executor> fetch_many_inside(
    LeadingBatch<Control>& leading, std::remove_reference_t<typename GivenFetcher<F>::Fetcher>& fetcher) {
  using Fetcher = typename GivenFetcher<F>::Fetcher;
  Batch<Control>& batch = leading.batch;
  bool has_failed = false;
  try {
    batch.prepare();
    auto&& called = detail::call_bulk_fetcher<T, Fetcher>(fetcher, batch.keys());
    if constexpr (AsioBulkFetching<T, F>::is_awaited) {
      batch.deliver(co_await std::move(called));
    } else {
      batch.deliver(static_cast<decltype(called)>(called));
    }
  } catch (...) {
    has_failed = true;
    batch.fail(std::current_exception());
  }
  if (has_failed) {
    const auto cancellation = co_await net::this_coro::cancellation_state;
    // Whoever was cancelled leaves; that its fetch broke off is nobody else's error.
    if (cancellation.cancelled() != net::cancellation_type::none) {
      batch.forget_answers();
      throw AsioError(net::error::operation_aborted);
    }
  }
  batch.land();
}

/// The same for a fetch that belongs to the cache, as a coroutine of its own.
template <class T, class F, class Control>
net::awaitable<void, typename AsioBulkFetching<T, F>::Executor> fetch_many_spawned(
    Batch<Control> batch, typename GivenFetcher<F>::Fetcher fetcher) {
  LeadingBatch<Control> leading;
  leading.batch = std::move(batch);
  co_await detail::fetch_many_inside<T, F, Control>(leading, fetcher);
}

/// Looks up many keys, in rounds: in each all that have no answer yet are asked for, what nobody fetches is fetched by
/// one call, and the fetches of others are waited for.
template <class T, class Keys, class F, class Age, class Store>
net::awaitable<std::vector<std::optional<typename T::value_type>>, typename AsioBulkFetching<T, F>::Executor>
get_or_fetch_many_in_asio(Store& store, Keys keys, F given, Age age) {
  using Control = typename Store::Control;
  using Value = typename T::value_type;
  using Executor = typename AsioBulkFetching<T, F>::Executor;
  using Outcome = detail::Outcome<Value>;
  constexpr bool is_owned = GivenFetcher<F>::is_owned;
  std::vector<std::optional<Value>> results;
  std::vector<char> is_answered;
  for (auto&& key : keys) {
    static_cast<void>(key);
    is_answered.push_back(0);
  }
  results.resize(is_answered.size());
  std::vector<Missing<typename Store::Flight>> missing;
  std::vector<Missing<typename Store::Flight>> earlier;  // keeps the tier, should the cache be gone
  for (;;) {
    earlier = std::exchange(missing, {});
    LeadingBatch<Control> leading;
    std::size_t position = 0;
    for (auto&& key : keys) {
      const std::size_t its = position++;
      if (is_answered[its] != 0) continue;
      decltype(auto) kept = detail::keep_key<T, decltype(key)>(static_cast<decltype(key)>(key));
      auto& its_missing = missing.emplace_back();
      its_missing.position = its;
      const Beginning beginning = store.ask(std::as_const(kept), age, is_owned, results[its], its_missing.flight);
      if (beginning != Beginning::answered && beginning != Beginning::joined) {
        leading.batch.add(Ticket<Control>(its_missing.flight));
      }
      is_answered[its] = beginning == Beginning::answered || beginning == Beginning::refreshing;
      if (is_answered[its] != 0) missing.pop_back();
    }
    if (missing.empty() && leading.batch.is_empty()) co_return results;

    const auto run = [&](LeadingBatch<Control>& batch) {
      return detail::fetch_many_inside<T, F, Control>(batch, detail::fetcher_in(given));
    };
    if (!leading.batch.is_empty()) {
      if constexpr (is_owned) {
        using Fetcher = typename GivenFetcher<F>::Fetcher;
        const Executor executor = co_await net::this_coro::executor;
        auto spawned = detail::fetch_many_spawned<T, F, Control>(std::move(leading.batch), Fetcher(given.fetcher()));
        net::co_spawn(executor, std::move(spawned), net::detached);
      } else {
        co_await run(leading);
      }
    }
    for (auto& each : missing) {
      const auto flight = each.flight;
      while (!flight->control->is_done(*flight)) {
        AsioWake<Control> woken =
            co_await AsioWaiter<Control, Executor>::wait(flight, co_await net::this_coro::executor);
        if (woken.failure) std::rethrow_exception(woken.failure);
        if (woken.is_cancelled) throw AsioError(net::error::operation_aborted);
        if (!woken.leadership) break;
        LeadingBatch<Control> passed_on;
        passed_on.batch.add(woken.leadership.release());
        co_await run(passed_on);
      }
      const Outcome& outcome = flight->outcome;
      if (outcome.kind() == Outcome::Kind::exception) std::rethrow_exception(outcome.exception());
      if (outcome.kind() == Outcome::Kind::value) results[each.position].emplace(outcome.value());
      is_answered[each.position] = outcome.kind() == Outcome::Kind::value || outcome.kind() == Outcome::Kind::not_found;
    }
  }
}

TIERCACHE_COROUTINE_KEEPS_CLOSURES_END

}  // namespace tiercache::detail
