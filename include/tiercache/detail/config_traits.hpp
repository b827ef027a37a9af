// The sentences for configurations that lack something. What a configuration is, and the ready-made ones, are in
// config.hpp.
#pragma once

#include <tiercache/clock.hpp>
#include <tiercache/config.hpp>

#include <type_traits>

namespace tiercache::detail {

template <class Config>
concept DeclaresClock = requires { typename Config::clock; };
template <class Config>
concept DeclaresThreading = requires { typename Config::threading::Mutex; };

/// Returns the configuration, as a type; for one that it refuses, another to go on with.
template <class Config>
[[nodiscard]] consteval auto usable_config() {
  static_assert(DeclaresClock<Config>,
                "tiercache: this configuration has no clock; write using clock = tiercache::CoarseClock; in it");
  static_assert(
      DeclaresThreading<Config>,
      "tiercache: this configuration has no threading; write using threading = tiercache::MultiThreaded; in it");
  if constexpr (DeclaresClock<Config> && DeclaresThreading<Config>) {
    static_assert(Clock<typename Config::clock>,
                  "tiercache: the configuration's clock has no static now() that returns a tiercache::TimePoint");
    return std::type_identity<std::conditional_t<Clock<typename Config::clock>, Config, LocalConfig>>{};
  } else {
    return std::type_identity<LocalConfig>{};
  }
}
template <class Config>
using UsableConfig = typename decltype(usable_config<Config>())::type;

}  // namespace tiercache::detail
