// Loading: the loaders of the tiers, for lookups without a fetcher.
#pragma once

#include "asking.hpp"
#include "caller.hpp"
#include "choices.hpp"
#include "reference_bulk.hpp"
#include "tiers.hpp"
#include "trace.hpp"
#include "writing.hpp"

#include <tiercache/tiercache.hpp>

#include <cstddef>
#include <optional>
#include <utility>

namespace model {

/// What a loader answers with.
enum class Loads : unsigned char { value, nothing, what_changed };

template <class Config, class Eviction>
class Loading : public Writing<Config, Eviction> {
  using Base = Writing<Config, Eviction>;

 public:
  /// A loader is called, and asks what to answer.
  Answer loader_started(std::size_t number, Loads loads, const std::optional<Shown>& old) {
    Answer answer{Answer::Kind::failed};
    if (loads == Loads::value || (loads == Loads::what_changed && !old)) {
      answer = {Answer::Kind::value, next_value_++};
    } else if (loads == Loads::what_changed) {
      answer = {Answer::Kind::unmodified};
    }
    if (direct_ != nullptr && direct_->is_loader && direct_->tier == number) {
      direct_->script.outcome = answer;
      if (loads == Loads::what_changed) {
        ReferenceTier& reference = tier(number);
        subject_.verdict.note(old == reference.show(*reference.flight_led_by(*direct_)), "a loader is shown the entry");
      }
      direct_ = nullptr;
    } else {
      Event event{.kind = Event::Kind::started, .answer = answer, .seen = subject_.see(number)};
      if (loads == Loads::what_changed) event.shown = old;
      record(std::move(event));
    }
    return answer;
  }

 protected:
  using Base::direct_;
  using Base::next_value_;
  using Base::record;
  using Base::subject_;
  using Base::tier;
  template <std::size_t number>
  using TierAt = typename Base::template TierAt<number>;

  using Base::Base;
  ~Loading() = default;

  template <std::size_t t>
  void set_loader(Loads loads) {
    using T = TierAt<t>;
    const auto load = [this, loads] {
      const Answer answer = loader_started(t, loads, std::nullopt);
      if (loads == Loads::nothing) throw FetchFailed("the loader's own trouble");
      return Value{answer.value, 1};
    };
    const auto reload = [this, loads](OldEntry old) -> tiercache::Refetched<Value> {
      const Answer answer = loader_started(t, loads, shown(old));
      if (answer.kind == Answer::Kind::unmodified) return tiercache::not_modified;
      return Value{answer.value, 1};
    };
    tier(t).set_loader();
    auto& cache = subject_.cache();
    if constexpr (t != motto) {
      using Key = typename T::key_type;
      if (loads != Loads::what_changed) return cache.template set_loader<T>([load](const Key&) { return load(); });
      cache.template set_loader<T>([reload](const Key&, OldEntry old) { return reload(old); });
    } else {
      loads != Loads::what_changed ? cache.template set_loader<T>(load) : cache.template set_loader<T>(reload);
    }
  }
};

}  // namespace model
