// Planka's REST API over HTTP: routes, status codes, and which document is expected where. Every call is one request.
// Connections belong to HttpClient, the form of the documents to model_json, remembering answers to CachedPlanka.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>

#include "http_client.hpp"
#include "model.hpp"
#include "planka_api.hpp"

namespace planka {

// A card, or nothing when there is no such card; unless it is the version that is known already.
struct CardAnswer {
  bool is_known = false;
  std::optional<Card> card;
};

class PlankaClient : public PlankaApi {
 public:
  explicit PlankaClient(HttpClient& http) : http_(http) {}

  boost::asio::awaitable<void> log_in(std::string user, std::string password);

  boost::asio::awaitable<Workspace> workspace() override;
  boost::asio::awaitable<Board> board(std::string id) override;
  boost::asio::awaitable<std::optional<Card>> card(std::string id) override;
  boost::asio::awaitable<CardAnswer> card_unless_known(std::string id, std::string etag);
  boost::asio::awaitable<std::optional<Timestamp>> rename_card(Card card, std::string name) override;

 private:
  HttpClient& http_;
};

}  // namespace planka
