// Invalidation: forgetting in one tier, and in all that cascades from there. What a tier declares of that is in
// cascade.hpp; what one store does, in detail/store.hpp.
#pragma once

#include <tiercache/cascade.hpp>
#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/key.hpp>
#include <tiercache/detail/tier_list.hpp>
#include <tiercache/error.hpp>
#include <tiercache/removal_cause.hpp>

#include <cstddef>
#include <exception>
#include <type_traits>
#include <utility>

namespace tiercache::detail {

/// Invalidates in the stores of a cache. Each call returns how many entries were dropped, those of the cascade
/// included. Functions of the cascade run with no lock held, but for predicates.
template <class Stores>
class Invalidation {
 public:
  explicit Invalidation(const Stores& stores) noexcept : stores_(stores) {}

  template <class T, class K>
  std::size_t key(const K& key) {
    return finish(drop_key<T>(key, RemovalCause::Invalidated));
  }
  template <class T>
  std::size_t whole() {
    return finish(drop_whole<T>(RemovalCause::Invalidated));
  }
  template <class T, class Predicate>
  std::size_t where(const Predicate& is_meant) {
    return finish(drop_where<T>(is_meant, RemovalCause::Invalidated));
  }

 private:
  template <class T>
  using RemovalsOf =
      typename std::remove_reference_t<decltype(std::declval<const Stores&>().template of<T>())>::Removals;

  /// Passes on what a function of the cascade threw, now that all of it was carried out.
  std::size_t finish(std::size_t dropped) const {
    if (failure_) detail::rethrow(failure_);
    return dropped;
  }

  template <class T, class K>
  [[nodiscard]] std::size_t drop_key(const K& key, RemovalCause cause) {
    RemovalsOf<T> removals;
    std::size_t dropped = stores_.template of<T>().invalidate(key, cause, removals);
    if constexpr (Cascades<T>) {
      if (dropped != 0) {
        dropped += cascade_all<T>(removals);
      } else {
        dropped = cascade<T>(detail::make_key<T>(key), nullptr);
        dropped += cascade_whole<T>();
      }
    }
    return dropped;
  }
  template <class T>
  [[nodiscard]] std::size_t drop_whole(RemovalCause cause) {
    RemovalsOf<T> removals;
    const std::size_t dropped = stores_.template of<T>().invalidate_all(cause, removals);
    return dropped + cascade_all<T>(removals);
  }
  template <class T, class Predicate>
  [[nodiscard]] std::size_t drop_where(const Predicate& is_meant, RemovalCause cause) {
    RemovalsOf<T> removals;
    const std::size_t dropped = stores_.template of<T>().invalidate_if(is_meant, cause, removals);
    return dropped + cascade_all<T>(removals);
  }

  template <class T>
  [[nodiscard]] std::size_t cascade_all(const RemovalsOf<T>& removals) {
    std::size_t dropped = 0;
    if constexpr (Cascades<T>) {
      removals.for_each([&](const auto& key, const auto* value) { dropped += cascade<T>(key, value); });
      dropped += cascade_whole<T>();
    }
    return dropped;
  }

  /// The parts that are the same for every key.
  template <class T>
  [[nodiscard]] std::size_t cascade_whole() {
    std::size_t dropped = 0;
    T::also_invalidates.for_each([&]<class Part>(const Part&) {
      using Target = typename Part::Target;
      if constexpr (std::is_same_v<Part, WholeTier<Target>>) {
        dropped += this->template drop_whole<Target>(RemovalCause::Cascaded);
      }
    });
    return dropped;
  }

  /// The parts that depend on the key.
  template <class T>
  [[nodiscard]] std::size_t cascade(const typename T::key_type& key, const typename T::value_type* cached) {
    std::size_t dropped = 0;
    T::also_invalidates.for_each([&]<class Part>(const Part& part) {
      using Target = typename Part::Target;
      if constexpr (!std::is_same_v<Part, WholeTier<Target>>) {
        TIERCACHE_TRY {
          dropped += this->template cascade_part<T>(part, key, cached);
        }
        TIERCACHE_CATCH_ALL {
          if (!failure_) failure_ = std::current_exception();
          dropped += this->template drop_whole<Target>(RemovalCause::Cascaded);
        }
      }
    });
    return dropped;
  }

  template <class T, class Target, class F>
  [[nodiscard]] std::size_t cascade_part(const KeysOfTier<Target, F>& part, const typename T::key_type& key,
                                         const typename T::value_type* cached) {
    constexpr bool fits =
        is_unkeyed<T> ? requires { part.function(cached); } : requires { part.function(key, cached); };
    static_assert(
        fits,
        "tiercache: this cascade cannot call its function: keys<T> takes one of (const Key&, const Value*), for "
        "an Unkeyed tier of (const Value*), which returns a key, an optional key or a range of keys of T");
    if constexpr (!fits) {
      return 0;
    } else if constexpr (is_unkeyed<T>) {
      return named<Target>(part.function(cached));
    } else {
      return named<Target>(part.function(key, cached));
    }
  }

  /// Invalidates the key or keys that a function returned.
  template <class Target, class Named>
  [[nodiscard]] std::size_t named(const Named& named) {
    if constexpr (key_form<Target, Named>() != KeyForm::unfit) {
      return drop_key<Target>(detail::keep_key<Target, const Named&>(named), RemovalCause::Cascaded);
    } else if constexpr (requires { named.has_value(); }) {
      return named.has_value() ? this->template named<Target>(*named) : 0;
    } else {
      std::size_t dropped = 0;
      for (const auto& one : named) dropped += this->template named<Target>(one);
      return dropped;
    }
  }

  template <class T, class Target, class F>
  [[nodiscard]] std::size_t cascade_part(const PartOfTier<Target, F>& part, const typename T::key_type& key,
                                         const typename T::value_type*) {
    const auto is_meant = [&](const typename Target::key_type& its_key, const typename Target::value_type& value) {
      if constexpr (is_unkeyed<T> && is_unkeyed<Target>) {
        return static_cast<bool>(part.function(value));
      } else if constexpr (is_unkeyed<T>) {
        return static_cast<bool>(part.function(its_key, value));
      } else if constexpr (is_unkeyed<Target>) {
        return static_cast<bool>(part.function(key, value));
      } else {
        return static_cast<bool>(part.function(key, its_key, value));
      }
    };
    return drop_where<Target>(is_meant, RemovalCause::Cascaded);
  }

  const Stores& stores_;
  std::exception_ptr failure_;
};

}  // namespace tiercache::detail
