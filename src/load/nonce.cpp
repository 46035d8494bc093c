#include "load/nonce.hpp"

#include <random>
#include <string_view>

namespace weir::load {

std::string make_nonce() {
  constexpr std::string_view letters = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::random_device device;
  std::string nonce;
  for (int i = 0; i < 6; ++i) nonce += letters[device() % letters.size()];
  return nonce;
}

}  // namespace weir::load
