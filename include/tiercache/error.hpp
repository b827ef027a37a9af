// The exceptions of the library's own. What a fetcher throws is handed on as it is; a policy that contradicts itself is
// std::invalid_argument.
#pragma once

#include <tiercache/detail/compiler.hpp>

#include <exception>
#include <stdexcept>
#include <string>

namespace tiercache {

/// Thrown when a fetch asks for the key that it is fetching, or when a blocking `.get()` could only wait for its own
/// thread. Either would wait for itself for ever.
class recursive_fetch : public std::exception {
 public:
  /// Returns a sentence in English.
  [[nodiscard]] const char* what() const noexcept override {
    return "tiercache: this fetch waits for itself: it asked for the key that it is fetching, or blocked the only "
           "thread "
           "that could finish it";
  }
};

/// Thrown to everybody who waits for a fetch that ended without a result, since whatever was to run it dropped it; and
/// to one who was told to stop waiting.
class fetch_abandoned : public std::exception {
 public:
  /// Returns a sentence in English.
  [[nodiscard]] const char* what() const noexcept override {
    return "tiercache: the fetch was dropped before it had a result, or was not waited for any more";
  }
};

namespace detail {

[[noreturn]] TIERCACHE_COLD inline void throw_recursive_fetch() {
#if TIERCACHE_EXCEPTIONS
  throw recursive_fetch();
#else
  std::terminate();
#endif
}

[[noreturn]] TIERCACHE_COLD inline void throw_fetch_abandoned() {
#if TIERCACHE_EXCEPTIONS
  throw fetch_abandoned();
#else
  std::terminate();
#endif
}

[[noreturn]] TIERCACHE_COLD inline void throw_invalid_argument(const std::string& what) {
#if TIERCACHE_EXCEPTIONS
  throw std::invalid_argument(what);
#else
  static_cast<void>(what);
  std::terminate();
#endif
}

[[noreturn]] TIERCACHE_COLD inline void rethrow(const std::exception_ptr& exception) {
#if TIERCACHE_EXCEPTIONS
  std::rethrow_exception(exception);
#else
  static_cast<void>(exception);
  std::terminate();
#endif
}

}  // namespace detail
}  // namespace tiercache
