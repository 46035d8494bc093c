#pragma once

#include <string>

#include "scenario/json_document.hpp"

namespace weir::scenario {

/// SHA-256, in lower-case hexadecimal, of what decides a run: the document without "$schema" and
/// "description", keys sorted, and the contents of the files that it names. None if the document
/// cannot be written as JSON because a string is not valid UTF-8.
std::optional<std::string> document_hash(const Json& document, const std::string& file_contents);

}  // namespace weir::scenario
