// A small Planka server on a loopback port; see demo_server.hpp.
#include "demo_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/json.hpp>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace planka {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace json = boost::json;
using tcp = asio::ip::tcp;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

constexpr std::string_view demo_token = "demo-token";

struct Answer {
  http::status status = http::status::ok;
  json::object document;
};

Answer error(http::status status, std::string_view code, std::string_view message) {
  return {status, {{"code", std::string(code)}, {"message", std::string(message)}}};
}

Answer found(std::optional<json::object> document, std::string_view otherwise) {
  if (document) return {http::status::ok, *std::move(document)};
  return error(http::status::not_found, "E_NOT_FOUND", otherwise);
}

bool strip_prefix(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::string_view path_of(const Request& request) {
  return {request.target().data(), request.target().size()};
}

DemoRoute route_of(const Request& request) {
  std::string_view path = path_of(request);
  if (path == "/api/access-tokens") return DemoRoute::login;
  if (path == "/api/projects") return DemoRoute::projects;
  if (strip_prefix(path, "/api/boards/")) return DemoRoute::boards;
  if (strip_prefix(path, "/api/cards/")) return DemoRoute::cards;
  return DemoRoute::any;
}

// The text of a field of the request's body, or nothing when the body is not what it should be.
std::optional<std::string> field_of(const Request& request, std::string_view name) {
  boost::system::error_code ignored;
  const json::value body = json::parse(request.body(), ignored);
  if (!body.is_object()) return std::nullopt;
  const json::value* field = body.get_object().if_contains({name.data(), name.size()});
  if (field == nullptr || !field->is_string() || field->get_string().empty()) return std::nullopt;
  return std::string(field->get_string());
}

Answer log_in(const Request& request) {
  if (request.method() != http::verb::post) return error(http::status::not_found, "E_NOT_FOUND", "No such route");
  if (field_of(request, "emailOrUsername") == DemoServer::user &&
      field_of(request, "password") == DemoServer::password) {
    return {http::status::ok, {{"item", std::string(demo_token)}}};
  }
  return error(http::status::unauthorized, "E_UNAUTHORIZED", "Invalid credentials");
}

bool is_authorized(const Request& request) {
  return request[http::field::authorization] == "Bearer " + std::string(demo_token);
}

Answer answer_to(const Request& request, DemoData& data) {
  const DemoRoute route = route_of(request);
  if (route == DemoRoute::login) return log_in(request);
  if (!is_authorized(request)) {
    return error(http::status::unauthorized, "E_UNAUTHORIZED", "Access token is missing, invalid or expired");
  }
  std::string_view path = path_of(request);
  if (request.method() == http::verb::get) {
    if (route == DemoRoute::projects) return {http::status::ok, data.projects()};
    if (strip_prefix(path, "/api/boards/")) return found(data.board(path), "Board not found");
    if (strip_prefix(path, "/api/cards/")) return found(data.card(path), "Card not found");
  }
  if (request.method() == http::verb::patch && strip_prefix(path, "/api/cards/")) {
    const std::optional<std::string> name = field_of(request, "name");
    if (!name) return error(http::status::bad_request, "E_MISSING_OR_INVALID_PARAMS", "\"name\" is not a text");
    return found(data.rename_card(path, *name), "Card not found");
  }
  return error(http::status::not_found, "E_NOT_FOUND", "No such route");
}

Answer answer_or_misbehave(const Request& request, DemoData& data, Misbehaviour kind) {
  switch (kind) {
    case Misbehaviour::unauthorized:
      return error(http::status::unauthorized, "E_UNAUTHORIZED", "Access token is missing, invalid or expired");
    case Misbehaviour::not_found:
      return error(http::status::not_found, "E_NOT_FOUND", "Not found");
    case Misbehaviour::server_error:
      return {http::status::internal_server_error, {}};
    default:
      return answer_to(request, data);
  }
}

// Cards have ETags, so that they need not be sent again while they are the same.
std::string etag_of(const Request& request, const Response& response) {
  if (request.method() != http::verb::get || route_of(request) != DemoRoute::cards) return {};
  if (response.result() != http::status::ok) return {};
  return '"' + std::to_string(std::hash<std::string>{}(response.body())) + '"';
}

Response make_response(const Request& request, const Answer& answer, Misbehaviour kind) {
  Response response(answer.status, request.version());
  response.set(http::field::content_type, "application/json; charset=utf-8");
  response.keep_alive(request.keep_alive());
  response.body() = json::serialize(answer.document);
  if (kind == Misbehaviour::broken_json) response.body().resize(response.body().size() / 2);
  if (const std::string etag = etag_of(request, response); !etag.empty()) {
    response.set(http::field::etag, etag);
    if (request[http::field::if_none_match] == etag) {
      response.result(http::status::not_modified);
      response.body().clear();
    }
  }
  response.prepare_payload();
  return response;
}

}  // namespace

DemoServer::DemoServer(DemoData data, std::chrono::milliseconds latency, DemoFailure failure)
    : data_(std::move(data)),
      latency_(latency),
      failure_(failure),
      io_(1),
      acceptor_(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
      port_(acceptor_.local_endpoint().port()) {
  if (failure.kind == Misbehaviour::down && failure.where == DemoRoute::any) {
    acceptor_.close();
    return;
  }
  asio::co_spawn(io_, listen(), asio::detached);
  thread_ = std::thread([this] { io_.run(); });
}

DemoServer::~DemoServer() {
  io_.stop();
  if (thread_.joinable()) thread_.join();
}

ServerUrl DemoServer::url() const {
  ServerUrl url;
  url.host = "127.0.0.1";
  url.port = std::to_string(port_);
  return url;
}

asio::awaitable<void> DemoServer::listen() {
  for (;;) {
    boost::system::error_code error;
    tcp::socket socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    asio::co_spawn(io_, serve(std::move(socket)), asio::detached);
  }
}

asio::awaitable<void> DemoServer::serve(tcp::socket socket) {
  boost::beast::flat_buffer buffer;
  asio::steady_timer timer(io_);
  for (;;) {
    boost::system::error_code error;
    Request request;
    co_await http::async_read(socket, buffer, request, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;

    const DemoFailure failure = failure_;
    const Misbehaviour kind = failure.hits(route_of(request)) ? failure.kind : Misbehaviour::none;
    if (kind == Misbehaviour::down) co_return;
    if (kind == Misbehaviour::hang) {
      timer.expires_at(asio::steady_timer::time_point::max());
    } else {
      timer.expires_after(latency_);
    }
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));

    const Answer answer = answer_or_misbehave(request, data_, kind);
    const Response response = make_response(request, answer, kind);
    co_await http::async_write(socket, response, asio::redirect_error(asio::use_awaitable, error));
    if (error || !response.keep_alive()) co_return;
  }
}

}  // namespace planka
