// A Planka server seen through the cache; see cached_planka.hpp.
#include "cached_planka.hpp"

#include <tiercache/asio.hpp>
#include <utility>

namespace planka {
namespace {

namespace asio = boost::asio;

}  // namespace

asio::awaitable<Workspace> CachedPlanka::workspace() {
  const auto fetch = [this] { return server_.workspace(); };
  co_return co_await tiercache::get_or_fetch<Workspaces>(cache_, fetch);
}

asio::awaitable<Board> CachedPlanka::board(std::string id) {
  const auto fetch = [this](const std::string& board_id) { return server_.board(board_id); };
  co_return co_await tiercache::get_or_fetch<Boards>(cache_, id, fetch);
}

asio::awaitable<std::optional<Card>> CachedPlanka::card(std::string id) {
  // A card that is past its time need not be sent again if it is still the same.
  const auto fetch = [this](const std::string& card_id, const tiercache::CacheEntry<Card>* old) {
    return fetch_card(card_id, old != nullptr ? old->value.etag : std::string());
  };
  co_return co_await tiercache::get_or_fetch<Cards>(cache_, id, fetch);
}

asio::awaitable<tiercache::Refetched<std::optional<Card>>> CachedPlanka::fetch_card(std::string id, std::string etag) {
  CardAnswer answer = co_await server_.card_unless_known(std::move(id), std::move(etag));
  if (answer.is_known) co_return tiercache::not_modified;
  co_return std::move(answer.card);
}

// Fenced, so that no read which overlaps the edit is kept; also if it fails: it may have reached the server all the
// same.
asio::awaitable<std::optional<Timestamp>> CachedPlanka::rename_card(Card card, std::string name) {
  const auto rename = [&] { return server_.rename_card(card, name); };
  const auto write_card = [&] { return tiercache::write<Cards>(cache_, card.id, rename); };
  co_return co_await tiercache::write<Boards>(cache_, card.board_id, write_card);  // it shows the card's name
}

}  // namespace planka
