#include "store/redis_script.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

#include "store/redis_lua.hpp"

namespace weir::store {

std::string sha1_hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha1(), nullptr);
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

const RedisScript& decision_script() {
  static const RedisScript script(fmt::format("{}{}{}{}{}{}", lua::basics, lua::cost_log,
                                              lua::schedules, lua::counters, lua::sliding,
                                              lua::requests));
  return script;
}

}  // namespace weir::store
