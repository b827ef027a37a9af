// Planka's REST API over HTTP; see planka_client.hpp.
#include "planka_client.hpp"

#include <fmt/format.h>

#include <boost/beast/http/status.hpp>
#include <boost/json.hpp>
#include <string_view>
#include <utility>

#include "model_json.hpp"
#include "problem.hpp"

namespace planka {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

constexpr unsigned ok = 200;
constexpr unsigned not_modified = 304;
constexpr unsigned not_found = 404;

Problem problem(const std::string& request, std::string_view why) {
  return Problem(one_line(fmt::format("{}: {}", request, why)));
}

void expect_ok(const std::string& request, const HttpAnswer& answer) {
  if (answer.status == ok) return;
  const auto reason = boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(answer.status));
  std::string said = fmt::format("{} {}", answer.status, std::string_view(reason.data(), reason.size()));
  const std::string message = message_from_json(answer.body);
  if (!message.empty()) said += fmt::format(" ({})", message);
  throw problem(request, fmt::format("the server answered {}", said));
}

// Reads the document of a good answer; what is wrong with it is reported along with the request.
template <class Read>
auto understand(const std::string& request, const HttpAnswer& answer, Read read) {
  expect_ok(request, answer);
  try {
    return read(answer.body);
  } catch (const Problem& wrong) {
    throw problem(request, wrong.what());
  }
}

// Whatever stands between us and the server may mix up answers. A wrong one must not be cached under this id.
template <class Item>
void expect_id(const std::string& request, const Item& item, const std::string& id) {
  if (item.id != id) throw problem(request, fmt::format("the answer is about another id: {}", item.id));
}

}  // namespace

asio::awaitable<void> PlankaClient::log_in(std::string user, std::string password) {
  const std::string path = "/api/access-tokens";
  json::object credentials;
  credentials["emailOrUsername"] = user;
  credentials["password"] = password;
  const HttpAnswer answer = co_await http_.post(path, json::serialize(credentials));
  http_.use_bearer_token(understand(http_.describe("POST", path), answer, token_from_json));
}

asio::awaitable<Workspace> PlankaClient::workspace() {
  const std::string path = "/api/projects";
  const HttpAnswer answer = co_await http_.get(path);
  co_return understand(http_.describe("GET", path), answer, workspace_from_json);
}

asio::awaitable<Board> PlankaClient::board(std::string id) {
  const std::string path = "/api/boards/" + id;
  const HttpAnswer answer = co_await http_.get(path);
  const std::string request = http_.describe("GET", path);
  Board board = understand(request, answer, board_from_json);
  expect_id(request, board, id);
  co_return board;
}

asio::awaitable<std::optional<Card>> PlankaClient::card(std::string id) {
  CardAnswer answer = co_await card_unless_known(id, {});
  co_return std::move(answer.card);
}

asio::awaitable<CardAnswer> PlankaClient::card_unless_known(std::string id, std::string etag) {
  CardAnswer result;
  const std::string path = "/api/cards/" + id;
  const HttpAnswer answer = co_await http_.get(path, etag);
  result.is_known = answer.status == not_modified && !etag.empty();
  if (result.is_known || answer.status == not_found) co_return result;
  const std::string request = http_.describe("GET", path);
  result.card = understand(request, answer, card_from_json);
  expect_id(request, *result.card, id);
  result.card->etag = answer.etag;
  co_return result;
}

asio::awaitable<std::optional<Timestamp>> PlankaClient::rename_card(Card card, std::string name) {
  const std::string path = "/api/cards/" + card.id;
  json::object change;
  change["name"] = name;
  const HttpAnswer answer = co_await http_.patch(path, json::serialize(change));
  if (answer.status == not_found) co_return std::nullopt;
  co_return understand(http_.describe("PATCH", path), answer, edit_time_from_json);
}

}  // namespace planka
