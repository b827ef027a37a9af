// owned: a fetcher that belongs to the cache. What a fetcher is, is said in fetcher.hpp.
#pragma once

#include <tiercache/detail/compiler.hpp>

#include <type_traits>
#include <utility>

namespace tiercache {

/// A fetcher that belongs to the cache, not to its caller. Made by `owned`; `Given` is how it was given to that.
template <class F, class Given = F>
class Owned {
 public:
  /// Takes the fetcher.
  explicit Owned(F its_fetcher) : fetcher_(std::move(its_fetcher)) {}

  /// Returns the fetcher.
  [[nodiscard]] F& fetcher() noexcept { return fetcher_; }

 private:
  F fetcher_;
};

/// Marks a fetcher whose captures outlive its caller: `co_await cache.get_or_fetch<Cards>(id, owned(fetch));`
///
/// Without it a fetch belongs to whoever began it: it is destroyed with that caller, and the next one who waits runs
/// their own. A fetch with an owned fetcher runs to its end, and its value is stored, whoever leaves. So it must not
/// refer to anything of its caller's: capture by value, or what lives as long as the fetches do.
///
/// It keeps a copy of `fetcher`, or moves it from a temporary.
template <class F>
[[nodiscard]] Owned<std::decay_t<F>, F> owned(F&& fetcher) {
  return Owned<std::decay_t<F>, F>(std::forward<F>(fetcher));
}

}  // namespace tiercache
