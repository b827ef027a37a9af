// What a range is, and how elements are taken out of one. It knows nothing of caches.
#pragma once

#include <tiercache/detail/compiler.hpp>

#include <type_traits>
#include <utility>
#include <vector>

namespace tiercache::detail {

template <class R>
concept Range = requires(R& range) {
  std::begin(range);
  std::end(range);
};
template <class R>
using ElementOf = decltype(*std::begin(std::declval<R&>()));

/// Can be gone through more than once.
template <class R>
concept MultiPass = std::forward_iterator<decltype(std::begin(std::declval<R&>()))>;

/// A range by value that has its elements itself, as opposed to a view: its elements are constant where it is.
template <class R>
concept OwnsElements = !std::is_reference_v<R> && std::is_lvalue_reference_v<ElementOf<R>> &&
                       !std::is_const_v<std::remove_reference_t<ElementOf<R>>> &&
                       std::is_const_v<std::remove_reference_t<ElementOf<const R>>>;
/// How an element is taken out of answers: moved, if they are of no use to anybody else.
template <class R>
struct TakenFrom {
  using type = ElementOf<std::remove_reference_t<R>>;
};
template <OwnsElements R>
struct TakenFrom<R> {
  using type = std::remove_reference_t<ElementOf<R>>&&;
};

}  // namespace tiercache::detail
