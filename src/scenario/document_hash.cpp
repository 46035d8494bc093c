#include "scenario/document_hash.hpp"

#include "core/sha256.hpp"

namespace weir::scenario {

std::optional<std::string> document_hash(const Json& document, const std::string& file_contents) {
  try {
    nlohmann::json sorted = document;
    static_cast<void>(sorted.dump());  // throws where a string is not UTF-8
    if (sorted.is_object()) {
      sorted.erase("$schema");
      sorted.erase("description");
    }
    std::string bytes = sorted.dump();
    if (!file_contents.empty()) bytes += '\n' + file_contents;
    return sha256_hex(bytes);
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

}  // namespace weir::scenario
