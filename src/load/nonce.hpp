#pragma once

#include <string>

namespace weir::load {

/// Six letters or digits that differ from run to run.
std::string make_nonce();

}  // namespace weir::load
