// What can be asked of a Planka server, without saying who answers: the server itself (PlankaClient) or a cache in
// front of it (CachedPlanka). No transport and no caching here.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>

#include "model.hpp"

namespace planka {

class PlankaApi {
 public:
  PlankaApi() = default;
  PlankaApi(const PlankaApi&) = delete;
  PlankaApi& operator=(const PlankaApi&) = delete;
  virtual ~PlankaApi() = default;

  virtual boost::asio::awaitable<Workspace> workspace() = 0;
  virtual boost::asio::awaitable<Board> board(std::string id) = 0;

  // Nothing when there is no such card: people delete cards while others still see them on a board.
  virtual boost::asio::awaitable<std::optional<Card>> card(std::string id) = 0;

  // The time of the edit by the server's clock, or nothing when there is no such card.
  virtual boost::asio::awaitable<std::optional<Timestamp>> rename_card(Card card, std::string name) = 0;
};

}  // namespace planka
