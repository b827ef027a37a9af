// Loader: the fetcher that is bound to a tier and belongs to its cache. Who asks it is decided in detail/miss.hpp.
#pragma once

#include <tiercache/detail/driver.hpp>
#include <tiercache/detail/fetching.hpp>
#include <tiercache/detail/flight.hpp>
#include <tiercache/detail/reference.hpp>
#include <tiercache/fetcher.hpp>

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

/// A loader that calls a function of the user's, as const: several threads may at once.
template <class Control, class F>
class LoaderOf final : public Loader<Control> {
  using T = typename Control::TierType;
  using Fetching = detail::Fetching<T, Owned<const F&>>;

 public:
  template <class G>
  explicit LoaderOf(G&& fetcher) : fetcher_(std::forward<G>(fetcher)) {
    static_assert(fetcher_form<T, const F&>() != FetcherForm::awaitable,
                  "tiercache: a loader is called for every fetch: give a callable that returns an awaitable, not one");
    static_assert(Fetching::Result::form == AnswerForm::value,
                  "tiercache: a loader answers with the tier's Value, or a CacheEntry of it: get_or_fetch<T>(key) "
                  "yields a Value, and has no place for a nullopt or an error");
  }

  void run(const Reference<Flight<Control>>& flight) noexcept override {
    if constexpr (Fetching::awaits) {
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
