#include "core/base64.hpp"

#include <openssl/evp.h>

#include <algorithm>

namespace weir {

std::string to_base64(std::string_view bytes) {
  // The library ends its text with a null character.
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                  reinterpret_cast<const unsigned char*>(bytes.data()),
                  static_cast<int>(bytes.size()));
  text.pop_back();
  return text;
}

std::optional<std::string> from_base64(std::string_view text, std::size_t longest) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t letters = std::min(text.find_first_not_of(alphabet), text.size());
  const std::string_view padding = text.substr(letters);
  if (text.size() % 4 != 0 || (!padding.empty() && padding != "=" && padding != "==")) return {};
  if (text.size() / 4 * 3 > longest + padding.size()) return {};
  std::string bytes(text.size() / 4 * 3, '\0');
  const int decoded = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                      reinterpret_cast<const unsigned char*>(text.data()),
                                      static_cast<int>(text.size()));
  if (decoded != static_cast<int>(bytes.size())) return {};
  bytes.resize(bytes.size() - padding.size());
  return bytes;
}

}  // namespace weir
