// Reads the server's JSON documents into the model; see model_json.hpp.
#include "model_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "problem.hpp"

namespace planka {
namespace {

namespace json = boost::json;

std::string_view view(const json::string& text) {
  return {text.data(), text.size()};
}

json::value parse(std::string_view document) {
  boost::system::error_code error;
  json::value value = json::parse({document.data(), document.size()}, error);
  if (error) throw Problem(fmt::format("the answer is not JSON ({})", error.message()));
  return value;
}

const json::object& as_object(const json::value& value, std::string_view what) {
  if (const json::object* object = value.if_object()) return *object;
  throw Problem(fmt::format("the answer has an unexpected form: {} is not an object", what));
}

const json::value& field(const json::object& object, std::string_view name) {
  if (const json::value* value = object.if_contains({name.data(), name.size()})) return *value;
  throw Problem(fmt::format("the answer has an unexpected form: \"{}\" is missing", name));
}

const json::object& object_in(const json::object& object, std::string_view name) {
  return as_object(field(object, name), fmt::format("\"{}\"", name));
}

std::string text_in(const json::object& object, std::string_view name) {
  if (const json::string* text = field(object, name).if_string()) return std::string(view(*text));
  throw Problem(fmt::format("the answer has an unexpected form: \"{}\" is not a string", name));
}

std::string text_or_nothing_in(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains({name.data(), name.size()});
  if (value == nullptr || value->is_null()) return {};
  return text_in(object, name);
}

bool flag_in(const json::object& object, std::string_view name) {
  if (const bool* flag = field(object, name).if_bool()) return *flag;
  throw Problem(fmt::format("the answer has an unexpected form: \"{}\" is not true or false", name));
}

// Ids go into the paths of later requests, so nothing but digits may pass.
std::string id_in(const json::object& object, std::string_view name) {
  std::string id = text_in(object, name);
  const bool all_digits = std::all_of(id.begin(), id.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (id.empty() || !all_digits) {
    throw Problem(fmt::format("the answer has an unexpected form: \"{}\" is not a string of digits", name));
  }
  return id;
}

template <class T, class Read>
std::vector<T> all_of(const json::object& object, std::string_view name, Read read) {
  const json::array* array = field(object, name).if_array();
  if (array == nullptr) {
    throw Problem(fmt::format("the answer has an unexpected form: \"{}\" is not an array", name));
  }
  std::vector<T> all;
  all.reserve(array->size());
  for (const json::value& element : *array) {
    all.push_back(read(as_object(element, fmt::format("an element of \"{}\"", name))));
  }
  return all;
}

Project read_project(const json::object& from) {
  return {id_in(from, "id"), text_in(from, "name")};
}

BoardEntry read_board_entry(const json::object& from) {
  return {id_in(from, "id"), id_in(from, "projectId"), text_in(from, "name")};
}

List read_list(const json::object& from) {
  return {id_in(from, "id"), text_or_nothing_in(from, "name")};
}

CardEntry read_card_entry(const json::object& from) {
  return {id_in(from, "id"), id_in(from, "listId"), text_in(from, "name")};
}

Task read_task(const json::object& from) {
  return {text_in(from, "name"), flag_in(from, "isCompleted")};
}

// Labels and users count by their names here; a label may have none.
std::string read_name(const json::object& from) {
  return text_or_nothing_in(from, "name");
}

}  // namespace

std::string token_from_json(std::string_view document) {
  const json::value root = parse(document);
  return text_in(as_object(root, "it"), "item");
}

Workspace workspace_from_json(std::string_view document) {
  const json::value root = parse(document);
  const json::object& all = as_object(root, "it");
  return {all_of<Project>(all, "items", read_project),
          all_of<BoardEntry>(object_in(all, "included"), "boards", read_board_entry)};
}

Board board_from_json(std::string_view document) {
  const json::value root = parse(document);
  const json::object& all = as_object(root, "it");
  const json::object& item = object_in(all, "item");
  const json::object& included = object_in(all, "included");
  return {id_in(item, "id"),
          text_in(item, "name"),
          all_of<List>(included, "lists", read_list),
          all_of<CardEntry>(included, "cards", read_card_entry),
          all_of<std::string>(included, "labels", read_name),
          all_of<std::string>(included, "users", read_name)};
}

Card card_from_json(std::string_view document) {
  const json::value root = parse(document);
  const json::object& all = as_object(root, "it");
  const json::object& item = object_in(all, "item");
  return {id_in(item, "id"),
          id_in(item, "boardId"),
          id_in(item, "listId"),
          text_in(item, "name"),
          text_or_nothing_in(item, "description"),
          text_or_nothing_in(item, "updatedAt"),
          all_of<Task>(object_in(all, "included"), "tasks", read_task),
          {}};
}

Timestamp edit_time_from_json(std::string_view document) {
  const json::value root = parse(document);
  return text_or_nothing_in(object_in(as_object(root, "it"), "item"), "updatedAt");
}

std::string message_from_json(std::string_view document) {
  boost::system::error_code error;
  const json::value root = json::parse({document.data(), document.size()}, error);
  if (error || !root.is_object()) return {};
  const json::value* message = root.get_object().if_contains("message");
  if (message == nullptr || !message->is_string()) return {};
  return std::string(view(message->get_string()));
}

}  // namespace planka
