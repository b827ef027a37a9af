// The content of the demo server; see demo_data.hpp.
#include "demo_data.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace planka {
namespace {

namespace json = boost::json;

constexpr std::size_t project_total = 3;
constexpr std::size_t boards_per_project = 4;
constexpr std::size_t user_total = 6;
constexpr std::size_t fewest_cards = 20;
constexpr std::size_t card_spread = 25;

constexpr std::array<std::string_view, boards_per_project> board_names{"Roadmap", "Development", "Support", "Releases"};
constexpr std::array<std::string_view, 4> list_names{"To do", "In progress", "In review", "Done"};
constexpr std::array<std::string_view, 3> label_names{"bug", "feature", "question"};
constexpr std::array<std::string_view, 8> verbs{"Write", "Review",  "Test",    "Measure",
                                                "Fix",   "Replace", "Explain", "Remove"};
constexpr std::array<std::string_view, 8> things{"the import", "the log-in page", "the search", "the nightly report",
                                                 "the backup", "the mail queue",  "the editor", "the first screen"};

std::string_view pick(const auto& words, std::size_t which) {
  return words[which % words.size()];
}

// A clock of its own that moves one millisecond per edit: the same session gives the same data.
std::string edit_time(std::uint64_t edits) {
  return fmt::format("2026-01-05T{:02}:{:02}:{:02}.{:03}Z", edits / 3'600'000 % 24, edits / 60'000 % 60,
                     edits / 1000 % 60, edits % 1000);
}

}  // namespace

DemoData::DemoData(std::uint64_t seed) : random_(seed) {
  for (std::size_t i = 1; i <= user_total; ++i) {
    users_.push_back({{"id", next_id()}, {"name", fmt::format("user {}", i)}, {"role", "boardUser"}});
  }
  for (std::size_t i = 1; i <= project_total; ++i) {
    const std::string id = next_id();
    projects_.push_back({{"id", id}, {"name", fmt::format("Project {}", i)}, {"isFavorite", i == 1}});
    for (const std::string_view name : board_names) add_board(id, fmt::format("{} {}", name, i));
  }
}

json::object DemoData::projects() const {
  json::array boards;
  for (const auto& [id, board] : boards_) boards.push_back(board.item);
  json::object included{{"users", users_}, {"boards", std::move(boards)}};
  return {{"items", projects_}, {"included", std::move(included)}};
}

std::optional<json::object> DemoData::board(std::string_view id) const {
  const auto found = boards_.find(id);
  if (found == boards_.end()) return std::nullopt;
  const BoardRecord& board = found->second;
  json::array cards;
  json::array task_lists;
  json::array tasks;
  for (const std::string& card_id : board.card_ids) {
    const CardRecord& card = cards_.at(card_id);
    cards.push_back(card.item);
    task_lists.insert(task_lists.end(), card.task_lists.begin(), card.task_lists.end());
    tasks.insert(tasks.end(), card.tasks.begin(), card.tasks.end());
  }
  json::object included{{"users", users_},
                        {"labels", board.labels},
                        {"lists", board.lists},
                        {"cards", std::move(cards)},
                        {"taskLists", std::move(task_lists)},
                        {"tasks", std::move(tasks)}};
  return json::object{{"item", board.item}, {"included", std::move(included)}};
}

std::optional<json::object> DemoData::card(std::string_view id) const {
  const auto found = cards_.find(id);
  if (found == cards_.end()) return std::nullopt;
  const CardRecord& card = found->second;
  json::object included{{"taskLists", card.task_lists}, {"tasks", card.tasks}};
  return json::object{{"item", card.item}, {"included", std::move(included)}};
}

std::optional<json::object> DemoData::rename_card(std::string_view id, std::string_view name) {
  const auto found = cards_.find(id);
  if (found == cards_.end()) return std::nullopt;
  json::object& item = found->second.item;
  item["name"] = json::string_view(name.data(), name.size());
  item["updatedAt"] = edit_time(++edits_);
  return json::object{{"item", item}};
}

std::string DemoData::next_id() {
  return std::to_string(++last_id_);
}

std::size_t DemoData::below(std::size_t bound) {
  return static_cast<std::size_t>(random_() % bound);
}

void DemoData::add_board(const std::string& project_id, std::string name) {
  const std::string id = next_id();
  BoardRecord board;
  board.item = {{"id", id}, {"projectId", project_id}, {"position", 65536}, {"name", std::move(name)}};
  for (const std::string_view label : label_names) {
    board.labels.push_back({{"id", next_id()}, {"boardId", id}, {"name", std::string(label)}, {"color", "berry-red"}});
  }
  std::vector<std::string> list_ids;
  for (const std::string_view list : list_names) {
    list_ids.push_back(next_id());
    board.lists.push_back({{"id", list_ids.back()}, {"boardId", id}, {"type", "active"}, {"name", std::string(list)}});
  }
  board.lists.push_back({{"id", next_id()}, {"boardId", id}, {"type", "archive"}, {"name", nullptr}});

  const std::size_t cards = fewest_cards + below(card_spread);
  for (std::size_t i = 0; i < cards; ++i) board.card_ids.push_back(add_card(id, list_ids[below(list_ids.size())], i));
  boards_.emplace(id, std::move(board));
}

std::string DemoData::add_card(const std::string& board_id, const std::string& list_id, std::size_t position) {
  std::string id = next_id();
  const std::string_view verb = pick(verbs, below(verbs.size()));
  const std::string_view thing = pick(things, below(things.size()));
  CardRecord card;
  card.item = {{"id", id},
               {"boardId", board_id},
               {"listId", list_id},
               {"type", "project"},
               {"position", 65536 * (position + 1)},
               {"name", fmt::format("{} {}", verb, thing)},
               {"description", nullptr},
               {"updatedAt", nullptr}};
  if (below(2) == 0) card.item["description"] = fmt::format("What is left of \"{} {}\": see the tasks.", verb, thing);

  const std::string task_list_id = next_id();
  card.task_lists.push_back({{"id", task_list_id}, {"cardId", id}, {"name", "Tasks"}});
  const std::size_t tasks = below(5);
  for (std::size_t i = 1; i <= tasks; ++i) {
    card.tasks.push_back({{"id", next_id()},
                          {"taskListId", task_list_id},
                          {"name", fmt::format("Step {}", i)},
                          {"isCompleted", below(2) == 0}});
  }
  cards_.emplace(id, std::move(card));
  return id;
}

}  // namespace planka
