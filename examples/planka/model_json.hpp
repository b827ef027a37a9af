// Reads the server's JSON documents into the model. Whatever is not what it should be is a Problem that names the
// field: a document is understood as a whole or not at all, so nothing half-read can end up in the cache. It knows
// nothing of HTTP: PlankaClient adds which request the document answered.
#pragma once

#include <string>
#include <string_view>

#include "model.hpp"

namespace planka {

std::string token_from_json(std::string_view document);
Workspace workspace_from_json(std::string_view document);
Board board_from_json(std::string_view document);
Card card_from_json(std::string_view document);

// The answer to a PATCH holds the card alone, without its tasks: only the time of the edit is of use.
Timestamp edit_time_from_json(std::string_view document);

// What the server says about an error, or nothing if it does not say it in JSON. Never throws a Problem.
std::string message_from_json(std::string_view document);

}  // namespace planka
