#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <optional>
#include <string>

#include "core/result.hpp"
#include "core/shard.hpp"

namespace weir::cli {

/// A variable of the environment, or null.
using Environment = std::function<const char*(const char* name)>;

/// Which part of a run a command is to do, and who said so.
struct ShardChoice {
  /// None: all of it.
  std::optional<Shard> shard;
  /// "--shard", or the variables that said it.
  std::string said_by;
};

/// By the words of --shard ("2/4", "all", or empty), else as a task of a Slurm array or of an
/// Indexed Job of Kubernetes. Variables that say it in part, or what cannot be, are an error.
Result<ShardChoice> choose_shard(const std::string& words, const Environment& environment);

/// Says, of what cannot be cut, that every task of an array does all of it, if this is one.
void say_that_it_is_not_cut(const char* what, bool quiet);

/// The option --shard of a command.
struct ShardOption {
  std::string words;
  /// What was chosen; nothing before choose().
  std::optional<Shard> shard;

  const CLI::Option* option = nullptr;

  void add_to(CLI::App& command);
  /// Chooses, and says so on standard error unless `quiet`; an exit code.
  int choose(bool quiet);
};

}  // namespace weir::cli
