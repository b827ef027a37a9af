// A Planka server seen through the cache: reads ask the cache first, and a write makes it forget what it changed.
// The rules of the tiers are in tiers.hpp, the requests themselves in PlankaClient.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <tiercache/tiercache.hpp>

#include "model.hpp"
#include "planka_api.hpp"
#include "planka_client.hpp"
#include "tiers.hpp"

namespace planka {

class CachedPlanka : public PlankaApi {
 public:
  CachedPlanka(PlankaClient& server, PlankaCache& cache) : server_(server), cache_(cache) {}

  boost::asio::awaitable<Workspace> workspace() override;
  boost::asio::awaitable<Board> board(std::string id) override;
  boost::asio::awaitable<std::optional<Card>> card(std::string id) override;
  boost::asio::awaitable<std::optional<Timestamp>> rename_card(Card card, std::string name) override;

 private:
  boost::asio::awaitable<tiercache::Refetched<std::optional<Card>>> fetch_card(std::string id, std::string etag);

  PlankaClient& server_;
  PlankaCache& cache_;
};

}  // namespace planka
