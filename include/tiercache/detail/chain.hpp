// Chains: elements that are linked by a `next` of their own, the last one's being null.
#pragma once

#include <utility>

namespace tiercache::detail {

template <class Element, class IsBefore>
[[nodiscard]] Element* merged_chain(Element* left, Element* right, const IsBefore& is_before) noexcept {
  Element* first = nullptr;
  for (Element** last = &first;; last = &(*last)->next) {
    if (left == nullptr || right == nullptr) {
      *last = left != nullptr ? left : right;
      return first;
    }
    Element*& next = is_before(*right, *left) ? right : left;
    *last = next;
    next = next->next;
  }
}

/// Puts a chain in the order that `is_before(left, right)` gives it: by merging, without any memory.
template <class Element, class IsBefore>
[[nodiscard]] Element* sorted_chain(Element* first, const IsBefore& is_before) noexcept {
  Element* sorted[64] = {};  // the one at i has 2 to the i elements
  while (first != nullptr) {
    Element* run = std::exchange(first, first->next);
    run->next = nullptr;
    int i = 0;
    for (; sorted[i] != nullptr; ++i) run = detail::merged_chain(std::exchange(sorted[i], nullptr), run, is_before);
    sorted[i] = run;
  }
  for (Element* const run : sorted) first = detail::merged_chain(run, first, is_before);
  return first;
}

}  // namespace tiercache::detail
