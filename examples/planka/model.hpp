// What this program knows of a Planka server's content: plain values, as small as the session needs them.
// How they look on the wire is model_json's business; how long they are remembered is said in tiers.hpp.
#pragma once

#include <string>
#include <vector>

namespace planka {

// ISO 8601 in UTC as the server writes it, so that comparing the text compares the time. Empty means never.
using Timestamp = std::string;

struct Project {
  std::string id;
  std::string name;
};

struct BoardEntry {
  std::string id;
  std::string project_id;
  std::string name;
};

struct Workspace {
  std::vector<Project> projects;
  std::vector<BoardEntry> boards;
};

struct List {
  std::string id;
  std::string name;  // empty for the archive and the trash, which have none
};

struct CardEntry {
  std::string id;
  std::string list_id;
  std::string name;
};

struct Board {
  std::string id;
  std::string name;
  std::vector<List> lists;
  std::vector<CardEntry> cards;
  std::vector<std::string> labels;
  std::vector<std::string> members;
};

struct Task {
  std::string name;
  bool is_completed = false;
};

struct Card {
  std::string id;
  std::string board_id;
  std::string list_id;
  std::string name;
  std::string description;
  Timestamp updated_at;
  std::vector<Task> tasks;
  std::string etag;  // how the server calls this version of it, empty if it does not say
};

}  // namespace planka
