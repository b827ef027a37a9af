// The address of a server, read from text such as http://planka.example:3000/base. What is asked there is not its
// business.
#pragma once

#include <string>
#include <string_view>

namespace planka {

struct ServerUrl {
  std::string host;
  std::string port = "80";
  std::string base;  // put before every path; empty, or begins with '/' and does not end with one

  std::string authority() const;  // host and port as in the Host header
  std::string text() const;
};

// Throws a Problem whose text says what is wrong with the address.
ServerUrl parse_server_url(std::string_view text);

}  // namespace planka
