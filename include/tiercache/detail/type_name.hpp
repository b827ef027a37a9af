// The name of a type, taken from the compiler while compiling.
#pragma once

#include <cstddef>
#include <string_view>

namespace tiercache::detail {

template <class T>
[[nodiscard]] constexpr std::string_view signature() noexcept {
#if defined(_MSC_VER) && !defined(__clang__)
  return __FUNCSIG__;
#else
  return __PRETTY_FUNCTION__;
#endif
}

/// Returns the name of `T` without its namespaces and enclosing classes. Points to static storage.
template <class T>
[[nodiscard]] constexpr std::string_view type_name() noexcept {
  // What stands before and after the type's name does not depend on the type.
  constexpr std::string_view known = signature<double>();
  constexpr std::size_t before = known.find("double");
  constexpr std::size_t after = known.size() - before - std::string_view("double").size();

  std::string_view name = signature<T>();
  name.remove_prefix(before);
  name.remove_suffix(after);
  std::size_t depth = 0;  // inside template arguments and parameter lists, where a "::" qualifies something else
  for (std::size_t i = name.size(); i-- > 0;) {
    const char c = name[i];
    if (c == '>' || c == ')' || c == '}') ++depth;
    if (c == '<' || c == '(' || c == '{') --depth;
    if (depth == 0 && (c == ':' || c == ' ')) return name.substr(i + 1);
  }
  return name;
}

}  // namespace tiercache::detail
