// The smaller and the larger of two numbers, and a number kept within bounds. Not from <algorithm>: that one header has
// a fifth of the lines that including this library costs.
#pragma once

namespace tiercache::detail {

template <class Number>
[[nodiscard]] constexpr Number smaller(Number a, Number b) noexcept {
  return b < a ? b : a;
}
template <class Number>
[[nodiscard]] constexpr Number larger(Number a, Number b) noexcept {
  return a < b ? b : a;
}
template <class Number>
[[nodiscard]] constexpr Number within(Number number, Number least, Number most) noexcept {
  return smaller(larger(number, least), most);
}

}  // namespace tiercache::detail
