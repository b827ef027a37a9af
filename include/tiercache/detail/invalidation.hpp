// Invalidation: forgetting in one tier, and in all that cascades from there. What a tier declares of that is in
// cascade.hpp; what one store does, in detail/store.hpp.
#pragma once

#include <tiercache/cascade.hpp>
#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/functions.hpp>
#include <tiercache/detail/key.hpp>
#include <tiercache/detail/named_keys.hpp>
#include <tiercache/detail/range.hpp>
#include <tiercache/detail/tier_list.hpp>
#include <tiercache/error.hpp>
#include <tiercache/removal_cause.hpp>
#include <tiercache/tier.hpp>

#include <cstddef>
#include <exception>
#include <type_traits>
#include <utility>

namespace tiercache::detail {

/// Tells whether a function of a cascade to tier `T` may return this: a key, an optional key or a range of keys.
template <class T, class Result>
[[nodiscard]] consteval bool names_keys() {
  using Plain = std::remove_cvref_t<Result>;
  if constexpr (std::is_void_v<Result>) {
    return false;
  } else if constexpr (key_form<T, Plain>() != KeyForm::unfit) {
    return true;
  } else if constexpr (requires(Plain& result) {
                         result.has_value();
                         *result;
                       }) {
    return names_keys<T, decltype(*std::declval<Plain&>())>();
  } else if constexpr (Range<Plain>) {
    using Element = std::remove_cvref_t<ElementOf<Plain>>;
    if constexpr (!std::is_same_v<Element, Plain>) return names_keys<T, Element>();
  }
  return false;
}

/// Tells whether a function can say which keys of `Target` are invalidated with one of `Source`; refuses one that
/// cannot.
template <class Source, class Target, class F>
[[nodiscard]] consteval bool names_keys_for() {
  using Key = const typename Source::key_type;
  using Cached = const typename Source::value_type* const;
  constexpr bool is_callable = is_unkeyed<Source> ? Calls<const F, void, Cached> : Calls<const F, void, Key, Cached>;
  static_assert(
      is_callable,
      "tiercache: this cascade cannot call its function: keys<T> takes one of (const Key&, const Value*), for "
      "an Unkeyed tier of (const Value*), which returns a key, an optional key or a range of keys of T");
  if constexpr (is_callable) {
    const auto result = [] {
      if constexpr (is_unkeyed<Source>) {
        return std::type_identity<decltype(std::declval<const F&>()(std::declval<Cached&>()))>();
      } else {
        return std::type_identity<decltype(std::declval<const F&>()(std::declval<Key&>(), std::declval<Cached&>()))>();
      }
    }();
    constexpr bool fits = detail::names_keys<Target, typename decltype(result)::type>();
    static_assert(fits || is_unkeyed<Target>,
                  "tiercache: this cascade's function names no keys: the one given to keys<T> returns a key, an "
                  "optional key or a range of keys of T");
    static_assert(fits || !is_unkeyed<Target>,
                  "tiercache: this cascade names keys of a tier that is Unkeyed and has none: write whole<T> for "
                  "keys<T>(function), or return a std::optional<tiercache::Unkeyed>");
    return fits;
  }
  return false;
}

/// Calls the predicate of a cascade from `Source` to `Target`.
template <class Source, class Target, class F>
[[nodiscard]] bool call_cascade_predicate(const F& is_meant, [[maybe_unused]] const typename Source::key_type& key,
                                          [[maybe_unused]] const typename Target::key_type& its_key,
                                          const typename Target::value_type& value) {
  const auto call = [&](const auto&... keys) {
    constexpr bool fits = Calls<const F, bool, decltype(keys)..., decltype(value)>;
    static_assert(
        fits,
        "tiercache: this cascade cannot call its predicate: where<T> takes one of (const Key&, const ItsKey&, "
        "const ItsValue&), with the key left out of a tier that is Unkeyed, which returns bool");
    if constexpr (!fits) return false;
    if constexpr (fits) return static_cast<bool>(is_meant(keys..., value));
  };
  if constexpr (is_unkeyed<Source> && is_unkeyed<Target>) return call();
  if constexpr (is_unkeyed<Source> && !is_unkeyed<Target>) return call(its_key);
  if constexpr (!is_unkeyed<Source> && is_unkeyed<Target>) return call(key);
  if constexpr (!is_unkeyed<Source> && !is_unkeyed<Target>) return call(key, its_key);
}

/// What one invalidation does to tier `T`: what it dropped there, and what else it was about.
template <class T, class Removals>
class Affected {
 public:
  Removals removals;
  NamedKeys<T> named;
  /// Whether the cascade has come here at all.
  bool is_reached = false;
  /// Whether all of the tier is to go.
  bool is_whole = false;
  /// Whether keys that the cascade was to go on from are not known: then all that it leads to from here is to go.
  bool is_lost = false;

  void lose() noexcept { is_reached = is_whole = is_lost = true; }

  /// Runs `visit(key, value)` on each key that was invalidated, with null if there was no value.
  template <class Visit>
  void for_each(const Visit& visit) const {
    bool is_any = false;
    removals.for_each([&](const auto& key, const auto* value) {
      is_any = true;
      visit(key, value);
    });
    constexpr const typename T::value_type* none = nullptr;
    if constexpr (is_unkeyed<T>) {
      if (!is_any) visit(Unkeyed{}, none);
    } else {
      named.for_each_not_held([&](const auto& key) { visit(key, none); });
    }
  }
};

/// What one invalidation does to all tiers that it gets to. They come in the order in which they are invalidated, and
/// are let go, with what was dropped there, in the opposite one.
template <class... Each>
struct AllAffected : Each... {};

/// Invalidates in the stores of a cache, once. Each call returns how many entries were dropped, those of the cascade
/// included. Functions of the cascade run with no lock held, but for predicates.
///
/// A tier's turn comes when all those that cascade to it, over others or at once, have had theirs. So no matter how
/// many ways lead to a key it is dropped and gone on from once; and whoever fetches what was dropped from other tiers
/// of this cache, meanwhile, finds nothing there that is yet to be invalidated.
template <class Stores>
class Invalidation {
 public:
  explicit Invalidation(const Stores& stores) noexcept : stores_(stores) {}

  template <class T, class K>
  std::size_t key(const K& key) {
    return run<T>([&](auto& affected, auto& store) {
      dropped_ = store.invalidate(key, RemovalCause::Invalidated, affected.removals);
      if constexpr (Cascades<T> && !is_unkeyed<T>) {
        if (dropped_ != 0) return;
        TIERCACHE_TRY {
          affected.named.add(store.hash_of(key), key);
        }
        TIERCACHE_CATCH_ALL {
          note_failure();
          affected.is_lost = true;
        }
      }
    });
  }
  template <class T>
  std::size_t whole() {
    return run<T>([&](auto& affected, auto& store) {
      dropped_ = store.invalidate_all(RemovalCause::Invalidated, affected.removals);
    });
  }
  /// All of the tier, and of all those that it cascades to: in the place of a key that cannot be looked for.
  template <class T>
  std::size_t whole_and_on() {
    return run<T>([&](auto& affected, auto& store) {
      dropped_ = store.invalidate_all(RemovalCause::Invalidated, affected.removals);
      affected.is_lost = true;
    });
  }
  template <class T, class Predicate>
  std::size_t where(const Predicate& is_meant) {
    return run<T>([&](auto& affected, auto& store) {
      dropped_ = store.invalidate_if(is_meant, RemovalCause::Invalidated, affected.removals);
    });
  }

 private:
  template <class T>
  using AffectedTier =
      Affected<T, typename std::remove_reference_t<decltype(std::declval<const Stores&>().template of<T>())>::Removals>;

  template <class... Tiers>
  static AllAffected<AffectedTier<Tiers>...> all_affected(TierSequence<Tiers...>);

  /// Lets `drop` begin in tier `T`, and carries on from there. Passes on what `drop` throws, and what a function of the
  /// cascade threw, when all of it was carried out.
  template <class T, class Drop>
  std::size_t run(const Drop& drop) {
    if constexpr (!Cascades<T>) {
      AffectedTier<T> affected;
      drop(affected, stores_.template of<T>());
    } else {
      decltype(all_affected(CascadeOrder<T>())) affected;
      AffectedTier<T>& first = affected;
      drop(first, stores_.template of<T>());
      first.is_reached = true;
      [&]<class First, class... Rest>(TierSequence<First, Rest...>) {
        (go_on_to<Rest>(affected), ...);
      }(CascadeOrder<T>());
    }
    if (failure_) detail::rethrow(failure_);
    return dropped_;
  }

  void note_failure() noexcept {
    if (!failure_) failure_ = std::current_exception();
  }

  /// Invalidates in `Target` what the tiers before it say.
  template <class Target, class... Each>
  void go_on_to(AllAffected<Each...>& all) {
    AffectedTier<Target>& target = all;
    const auto follow = [&]<class Source, class Removals>(const Affected<Source, Removals>& source) {
      if constexpr (cascades_at_once_to<Source, Target>) {
        if (source.is_reached) this->template follow<Source, Target>(source, target);
      }
    };
    (follow(static_cast<const Each&>(all)), ...);
    if (!target.is_whole) return;
    dropped_ += stores_.template of<Target>().invalidate_all(RemovalCause::Cascaded, target.removals);
  }

  template <class Source, class Target>
  void follow(const AffectedTier<Source>& source, AffectedTier<Target>& target) {
    if (source.is_lost) target.lose();
    Source::also_invalidates.for_each([&]<class Part>(const Part& part) {
      if constexpr (std::is_same_v<Part, WholeTier<Target>>) {
        target.is_reached = target.is_whole = true;
      } else if constexpr (std::is_same_v<typename Part::Target, Target>) {
        TIERCACHE_TRY {
          source.for_each([&](const auto& key, const auto* cached) {
            if (!target.is_lost) this->template carry_out<Source>(part, key, cached, target);
          });
        }
        TIERCACHE_CATCH_ALL {
          note_failure();
          target.lose();
        }
      }
    });
  }

  template <class Source, class Target, class F>
  void carry_out(const KeysOfTier<Target, F>& part, const typename Source::key_type& key,
                 const typename Source::value_type* cached, AffectedTier<Target>& target) {
    if constexpr (names_keys_for<Source, Target, F>()) {
      if constexpr (is_unkeyed<Source>) drop_named<Target>(part.function(cached), target);
      if constexpr (!is_unkeyed<Source>) drop_named<Target>(part.function(key, cached), target);
    }
  }

  template <class Source, class Target, class F>
  void carry_out(const PartOfTier<Target, F>& part, const typename Source::key_type& key,
                 const typename Source::value_type*, AffectedTier<Target>& target) {
    target.is_reached = true;
    if (target.is_whole) return;
    const auto is_meant = [&](const typename Target::key_type& its_key, const typename Target::value_type& value) {
      return detail::call_cascade_predicate<Source, Target>(part.function, key, its_key, value);
    };
    dropped_ += stores_.template of<Target>().invalidate_if(is_meant, RemovalCause::Cascaded, target.removals);
  }

  /// Invalidates the key or keys that a function returned.
  template <class Target, class Result>
  void drop_named(Result&& result, AffectedTier<Target>& target) {
    if constexpr (key_form<Target, std::remove_cvref_t<Result>>() != KeyForm::unfit) {
      drop_key<Target>(detail::keep_key<Target, const std::remove_cvref_t<Result>&>(result), target);
    } else if constexpr (requires { result.has_value(); }) {
      if (result.has_value()) drop_named<Target>(*result, target);
    } else {
      for (auto&& one : result) drop_named<Target>(one, target);
    }
  }

  template <class Target, class K>
  void drop_key(const K& key, AffectedTier<Target>& target) {
    target.is_reached = true;
    auto& store = stores_.template of<Target>();
    if constexpr (Cascades<Target> && !is_unkeyed<Target>) {
      auto* const named = target.named.add(store.hash_of(key), key);
      if (named == nullptr) return;
      named->was_held = store.invalidate(key, RemovalCause::Cascaded, target.removals) != 0;
      dropped_ += named->was_held ? 1 : 0;
    } else {
      dropped_ += store.invalidate(key, RemovalCause::Cascaded, target.removals);
    }
  }

  const Stores& stores_;
  std::size_t dropped_ = 0;
  std::exception_ptr failure_;
};

}  // namespace tiercache::detail
