#pragma once

#include <string>
#include <vector>

#include "cli/command_facts.hpp"

namespace weir::cli {

/// What a shell offers where a value is expected.
enum class Offer { nothing, choices, files, folders, scenarios, reports };

/// From how the value reads: FILE, DIR, SCENARIO and REPORT are files of a kind.
Offer offer_for(const OptionFacts& option);

/// What to put into share/bash-completion/completions/weir. It needs nothing of bash-completion.
std::string bash_completion(const CommandFacts& program);
/// What to put into share/zsh/site-functions/_weir.
std::string zsh_completion(const CommandFacts& program);
/// What to put into share/fish/vendor_completions.d/weir.fish.
std::string fish_completion(const CommandFacts& program);

}  // namespace weir::cli
