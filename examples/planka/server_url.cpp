// The address of a server; see server_url.hpp.
#include "server_url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "problem.hpp"

namespace planka {
namespace {

bool is_port(std::string_view text) {
  unsigned port = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), port);
  return result.ec == std::errc{} && result.ptr == text.data() + text.size() && port >= 1 && port <= 65535;
}

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

std::string ServerUrl::authority() const {
  const std::string shown_host = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == "80" ? shown_host : shown_host + ":" + port;
}

std::string ServerUrl::text() const {
  return "http://" + authority() + base;
}

ServerUrl parse_server_url(std::string_view text) {
  constexpr std::string_view scheme = "http://";
  const auto refuse = [text](std::string_view why) {
    return Problem(fmt::format("\"{}\" is not an address this program can use: {}", one_line(text), why));
  };
  if (text.substr(0, 8) == "https://") {
    throw refuse("https is not supported here; use http://, for example through a local proxy that does the TLS");
  }
  if (text.substr(0, scheme.size()) != scheme) throw refuse("it must begin with http://");
  if (!is_plain(text)) throw refuse("it holds a space or a character that does not belong in an address");

  std::string_view rest = text.substr(scheme.size());
  if (rest.find_first_of("?#@") != std::string_view::npos)
    throw refuse("a user, a query or a fragment has no meaning here");
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view authority = rest.substr(0, slash);

  ServerUrl url;
  url.base = rest.substr(slash);
  while (!url.base.empty() && url.base.back() == '/') url.base.pop_back();

  std::string_view after_host;
  if (!authority.empty() && authority.front() == '[') {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) throw refuse("the \"[\" is not closed");
    url.host = authority.substr(1, close - 1);
    after_host = authority.substr(close + 1);
  } else {
    const std::size_t colon = std::min(authority.find(':'), authority.size());
    url.host = authority.substr(0, colon);
    after_host = authority.substr(colon);
  }
  if (url.host.empty()) throw refuse("the host is missing");
  if (!after_host.empty()) {
    if (after_host.front() != ':' || !is_port(after_host.substr(1)))
      throw refuse("the port is not a number from 1 to 65535");
    url.port = after_host.substr(1);
  }
  return url;
}

}  // namespace planka
