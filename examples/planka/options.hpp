// What the command line and the environment ask for, checked. What is done with it is main's business.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "demo_failure.hpp"
#include "server_url.hpp"

namespace planka {

struct Options {
  bool help = false;
  std::optional<ServerUrl> url;  // nothing: the embedded demo server
  std::string user;
  std::string password;
  std::string token;
  bool edit = false;
  bool cached_only = false;
  std::size_t users = 8;
  std::size_t steps = 100;
  std::uint64_t seed = 1;
  std::chrono::milliseconds latency{20};
  std::chrono::milliseconds timeout{5000};
  DemoFailure failure;
};

extern const std::string_view help_text;

// `token` is the environment's PLANKA_TOKEN, empty when there is none. Throws a UsageProblem.
Options parse_options(const std::vector<std::string_view>& arguments, std::string_view token);

}  // namespace planka
