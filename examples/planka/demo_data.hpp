// The content of the demo server: projects, boards and cards invented from a seed, kept as the JSON documents that
// Planka's routes answer with. HTTP and misbehaving are DemoServer's business.
#pragma once

#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace planka {

class DemoData {
 public:
  explicit DemoData(std::uint64_t seed);

  boost::json::object projects() const;
  std::optional<boost::json::object> board(std::string_view id) const;  // nothing: no such id
  std::optional<boost::json::object> card(std::string_view id) const;
  std::optional<boost::json::object> rename_card(std::string_view id, std::string_view name);

  std::size_t project_count() const { return projects_.size(); }
  std::size_t board_count() const { return boards_.size(); }
  std::size_t card_count() const { return cards_.size(); }

 private:
  struct BoardRecord {
    boost::json::object item;
    boost::json::array labels;
    boost::json::array lists;
    std::vector<std::string> card_ids;
  };
  struct CardRecord {
    boost::json::object item;
    boost::json::array task_lists;
    boost::json::array tasks;
  };

  std::string next_id();
  std::size_t below(std::size_t bound);
  void add_board(const std::string& project_id, std::string name);
  std::string add_card(const std::string& board_id, const std::string& list_id, std::size_t position);

  std::mt19937_64 random_;
  std::uint64_t last_id_ = 1357158568008091264;  // ids look like those of a real server
  std::uint64_t edits_ = 0;
  boost::json::array projects_;
  boost::json::array users_;
  std::map<std::string, BoardRecord, std::less<>> boards_;
  std::map<std::string, CardRecord, std::less<>> cards_;
};

}  // namespace planka
