// Sends one HTTP request at a time per connection to one server and gives back status and body, whatever they are.
// A server that cannot be reached, is silent for too long or does not speak HTTP is a Problem that names the request.
// What a status or a body means is not known here. For one thread: the one that runs the io_context.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "problem.hpp"
#include "server_url.hpp"

namespace planka {

struct HttpAnswer {
  unsigned status = 0;
  std::string body;
  std::string etag;  // empty if there is none
};

class HttpClient {
 public:
  HttpClient(ServerUrl server, std::chrono::milliseconds timeout);

  void use_bearer_token(std::string token);

  // With an ETag, the answer may be 304, without a body: what has it is still right.
  boost::asio::awaitable<HttpAnswer> get(std::string path, std::string etag = {});
  boost::asio::awaitable<HttpAnswer> post(std::string path, std::string json);
  boost::asio::awaitable<HttpAnswer> patch(std::string path, std::string json);

  // "GET http://host/path", the way every error line begins.
  std::string describe(std::string_view method, std::string_view path) const;

  std::uint64_t requests_sent() const { return requests_sent_; }

 private:
  using Request = boost::beast::http::request<boost::beast::http::string_body>;
  using Stream = boost::beast::tcp_stream;

  Request make_request(boost::beast::http::verb method, const std::string& path, std::string body) const;
  boost::asio::awaitable<HttpAnswer> send_anew(const Request& request);
  boost::asio::awaitable<void> connect(Stream& stream, const Request& request);
  boost::asio::awaitable<HttpAnswer> exchange(Stream& stream, const Request& request, boost::system::error_code& error);
  Problem failed(const Request& request, std::string_view why) const;
  Problem no_answer(const Request& request, boost::system::error_code error) const;

  ServerUrl server_;
  std::chrono::milliseconds timeout_;
  std::string token_;
  std::vector<boost::asio::ip::tcp::endpoint> endpoints_;  // looked up once
  std::vector<Stream> idle_;                               // open connections that wait for the next GET
  std::uint64_t requests_sent_ = 0;
};

}  // namespace planka
