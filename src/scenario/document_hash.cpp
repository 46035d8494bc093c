#include "scenario/document_hash.hpp"

#include "core/sha256.hpp"

namespace weir::scenario {

std::optional<std::string> document_hash(const Json& document, const std::string& file_contents) {
  nlohmann::json sorted = document;
  if (sorted.is_object()) {
    sorted.erase("$schema");
    sorted.erase("description");
  }
  try {
    std::string bytes = sorted.dump();
    if (!file_contents.empty()) bytes += '\n' + file_contents;
    return sha256_hex(bytes);
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

}  // namespace weir::scenario
