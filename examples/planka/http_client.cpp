// One HTTP request at a time per connection to one server; see http_client.hpp.
#include "http_client.hpp"

#include <fmt/format.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <utility>

namespace planka {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr std::uint64_t largest_body = 64 << 20;

// How a connection looks that the server closed while it was idle.
bool was_closed(boost::system::error_code error) {
  return error == http::error::end_of_stream || error == asio::error::connection_reset ||
         error == asio::error::connection_aborted || error == asio::error::broken_pipe;
}

std::string_view as_std(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

HttpClient::HttpClient(ServerUrl server, std::chrono::milliseconds timeout)
    : server_(std::move(server)), timeout_(timeout) {}

void HttpClient::use_bearer_token(std::string token) {
  token_ = std::move(token);
}

std::string HttpClient::describe(std::string_view method, std::string_view path) const {
  return fmt::format("{} {}{}", method, server_.text(), path);
}

HttpClient::Request HttpClient::make_request(http::verb method, const std::string& path, std::string body) const {
  Request request(method, server_.base + path, 11);
  request.set(http::field::host, server_.authority());
  request.set(http::field::user_agent, "tiercache-planka-example");
  request.set(http::field::accept, "application/json");
  if (!token_.empty()) request.set(http::field::authorization, "Bearer " + token_);
  if (method != http::verb::get) {
    request.set(http::field::content_type, "application/json");
    request.body() = std::move(body);
    request.keep_alive(false);
  }
  request.prepare_payload();
  return request;
}

// An idle connection may turn out to be closed only after the request was sent, and only a GET may be sent twice.
// So a GET tries the idle connections first, and everything else opens its own and closes it.
asio::awaitable<HttpAnswer> HttpClient::get(std::string path, std::string etag) {
  Request request = make_request(http::verb::get, path, {});
  if (!etag.empty()) request.set(http::field::if_none_match, etag);
  ++requests_sent_;
  while (!idle_.empty()) {
    Stream stream = std::move(idle_.back());
    idle_.pop_back();
    boost::system::error_code error;
    HttpAnswer answer = co_await exchange(stream, request, error);
    if (!error) co_return answer;
    if (!was_closed(error)) throw no_answer(request, error);
  }
  co_return co_await send_anew(request);
}

asio::awaitable<HttpAnswer> HttpClient::post(std::string path, std::string json) {
  const Request request = make_request(http::verb::post, path, std::move(json));
  ++requests_sent_;
  co_return co_await send_anew(request);
}

asio::awaitable<HttpAnswer> HttpClient::patch(std::string path, std::string json) {
  const Request request = make_request(http::verb::patch, path, std::move(json));
  ++requests_sent_;
  co_return co_await send_anew(request);
}

asio::awaitable<HttpAnswer> HttpClient::send_anew(const Request& request) {
  boost::system::error_code error;
  Stream stream(co_await asio::this_coro::executor);
  co_await connect(stream, request);
  HttpAnswer answer = co_await exchange(stream, request, error);
  if (error) throw no_answer(request, error);
  co_return answer;
}

asio::awaitable<void> HttpClient::connect(Stream& stream, const Request& request) {
  boost::system::error_code error;
  if (endpoints_.empty()) {
    // The system's resolver has time limits of its own, and cannot be interrupted.
    asio::ip::tcp::resolver resolver(stream.get_executor());
    const auto found =
        co_await resolver.async_resolve(server_.host, server_.port, asio::redirect_error(asio::use_awaitable, error));
    if (error) throw failed(request, fmt::format("cannot find the host: {}", error.message()));
    endpoints_.assign(found.begin(), found.end());
  }
  stream.expires_after(timeout_);
  co_await stream.async_connect(endpoints_, asio::redirect_error(asio::use_awaitable, error));
  if (error == boost::beast::error::timeout) {
    throw failed(request, fmt::format("cannot connect within {} ms", timeout_.count()));
  }
  if (error) throw failed(request, fmt::format("cannot connect: {}", error.message()));
}

asio::awaitable<HttpAnswer> HttpClient::exchange(Stream& stream, const Request& request,
                                                 boost::system::error_code& error) {
  HttpAnswer answer;
  stream.expires_after(timeout_);
  co_await http::async_write(stream, request, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return answer;

  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(largest_body);
  co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return answer;

  answer.status = parser.get().result_int();
  answer.body = std::move(parser.get().body());
  answer.etag = as_std(parser.get()[http::field::etag]);
  if (request.keep_alive() && parser.get().keep_alive()) {
    stream.expires_never();
    idle_.push_back(std::move(stream));
  }
  co_return answer;
}

Problem HttpClient::failed(const Request& request, std::string_view why) const {
  const std::string_view path = as_std(request.target()).substr(server_.base.size());
  return Problem(one_line(fmt::format("{}: {}", describe(as_std(request.method_string()), path), why)));
}

Problem HttpClient::no_answer(const Request& request, boost::system::error_code error) const {
  if (error == boost::beast::error::timeout) {
    return failed(request, fmt::format("no answer within {} ms", timeout_.count()));
  }
  if (was_closed(error)) return failed(request, "the server closed the connection without an answer");
  if (error.category() == make_error_code(http::error::end_of_stream).category()) {
    return failed(request, fmt::format("the answer is not proper HTTP: {}", error.message()));
  }
  return failed(request, fmt::format("the connection broke: {}", error.message()));
}

}  // namespace planka
