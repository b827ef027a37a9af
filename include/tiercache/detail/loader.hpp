// Loader: the fetcher that is bound to a tier and belongs to its cache. Who asks it is decided in detail/miss.hpp.
#pragma once

#include <tiercache/detail/awaitable.hpp>
#include <tiercache/detail/driver.hpp>
#include <tiercache/detail/fetching.hpp>
#include <tiercache/detail/flight.hpp>
#include <tiercache/detail/reference.hpp>
#include <tiercache/fetcher.hpp>
#include <tiercache/owned.hpp>

#include <type_traits>
#include <utility>

namespace tiercache::detail {

/// Runs the fetches of a tier. Shares in it have the tier and every fetch that it runs.
template <class Control>
class Loader : public Counted<Loader<Control>, typename Control::Threading::ReferenceCount> {
 public:
  /// Runs the fetch of a flight, up to its first suspension, and has it landed.
  virtual void run(const Reference<Flight<Control>>& flight) noexcept = 0;

 protected:
  friend Counted<Loader, typename Control::Threading::ReferenceCount>;
  virtual ~Loader() = default;
};

/// Stands for what a loader does that a sentence has refused.
template <class T>
struct RefusedLoading {
  static constexpr bool awaits = false;
  using Result = ResultOf<typename T::value_type, typename T::value_type>;
};

/// What a loader of type `F` does, called as const; refuses one that cannot be called so, or never to any use.
template <class T, class F>
[[nodiscard]] consteval auto loading() {
  constexpr FetcherForm form = fetcher_form<T, const F&>();
  constexpr bool is_const = form != FetcherForm::unfit || fetcher_form<T, F&>() == FetcherForm::unfit;
  static_assert(is_const,
                "tiercache: a loader is called as const, by several threads at once if the cache is: give a callable "
                "whose operator() is const, such as a lambda without mutable");
  static_assert(form != FetcherForm::awaitable,
                "tiercache: a loader is called for every fetch: give a callable that returns an awaitable, not one");
  if constexpr (is_const && form != FetcherForm::awaitable) {
    using Awaitable = typename AwaitableOf<CalledFetcher<T, const F&>>::type;
    constexpr bool can_await = !LooksAwaitable<Awaitable> || AwaitableBy<Awaitable, Driver::promise_type>;
    static_assert(
        can_await,
        "tiercache: the loader returns something that only its own kind of coroutine can await, and nobody "
        "knows in which kind it will be run: let it answer at once, return an awaitable that every coroutine "
        "can await, or say how to run it: tiercache::fetch_runner; an asio::awaitable is fetched by a fetcher "
        "given with each call: tiercache::get_or_fetch<T>(cache, key, tiercache::owned(fetcher))");
    if constexpr (can_await) return std::type_identity<Fetching<T, Owned<const F&>>>{};
    if constexpr (!can_await) return std::type_identity<RefusedLoading<T>>{};
  } else {
    return std::type_identity<RefusedLoading<T>>{};
  }
}

/// A loader that calls a function of the user's, as const: several threads may at once.
template <class Control, class F>
class LoaderOf final : public Loader<Control> {
  using T = typename Control::TierType;
  using Loading = typename decltype(detail::loading<T, F>())::type;

 public:
  template <class G>
  explicit LoaderOf(G&& fetcher) : fetcher_(std::forward<G>(fetcher)) {
    static_assert(Loading::Result::form == AnswerForm::value,
                  "tiercache: a loader answers with the tier's Value, or a CacheEntry of it: get_or_fetch<T>(key) "
                  "yields a Value, and has no place for a nullopt or an error");
  }

  void run(const Reference<Flight<Control>>& flight) noexcept override {
    if constexpr (std::is_same_v<Loading, RefusedLoading<T>>) {
      static_cast<void>(flight);
    } else if constexpr (Loading::awaits) {
      if (const auto driver = detail::make_driver<const F&>(flight, Holder(*this))) {
        detail::start_driver(flight, driver);
      }
    } else {
      detail::answer_at_once<const F&>(*flight, fetcher_);
      flight->control->complete(*flight);
    }
  }

 private:
  class Holder {
   public:
    explicit Holder(LoaderOf& loader) noexcept : loader_(Reference<LoaderOf>::share(loader)) {}
    [[nodiscard]] const F& fetcher() const noexcept { return loader_->fetcher_; }

   private:
    Reference<LoaderOf> loader_;
  };

  const F fetcher_;
};

}  // namespace tiercache::detail
