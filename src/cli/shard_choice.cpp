#include "cli/shard_choice.hpp"

#include <fmt/format.h>

#include <CLI/Option.hpp>
#include <cstdio>
#include <cstdlib>

#include "cli/command.hpp"
#include "cli/common_options.hpp"
#include "core/text.hpp"

namespace weir::cli {
namespace {

tl::unexpected<Error> wrong_usage(std::string message) {
  return fail(ErrorKind::usage, std::move(message));
}

/// The part of that number, from 1, or why there can be none; `said_by` begins the sentence.
Result<ShardChoice> checked(std::int64_t index, std::int64_t count, const std::string& said_by) {
  if (count < 1 || count > logical_shards) {
    return wrong_usage(fmt::format("{}: a run is cut into 1 to {} shards, not into {}", said_by,
                                   logical_shards, count));
  }
  if (index < 1 || index > count) {
    return wrong_usage(
        fmt::format("{}: of {} shards there is no number {}", said_by, count, index));
  }
  return ShardChoice{
      Shard{.index = static_cast<std::uint32_t>(index), .count = static_cast<std::uint32_t>(count)},
      said_by};
}

Result<ShardChoice> by_words(const std::string& words) {
  const std::size_t slash = words.find('/');
  const auto index = parse_integer(words.substr(0, slash));
  const auto count = slash == std::string::npos ? index : parse_integer(words.substr(slash + 1));
  if (slash == std::string::npos || !index || !count) {
    return wrong_usage(fmt::format("--shard {}: must be such as 2/4, or \"all\"", words));
  }
  return checked(*index, *count, "--shard " + words);
}

/// A number that a variable must have; `fallback` where it is not set.
Result<std::int64_t> number_of(const Environment& environment, const char* name,
                               std::optional<std::int64_t> fallback = std::nullopt) {
  const char* const text = environment(name);
  if (text == nullptr && fallback) return *fallback;
  const auto number = parse_integer(text == nullptr ? "" : text);
  if (number && *number >= 0 && *number < INT32_MAX) return *number;
  if (text == nullptr) {
    return wrong_usage(
        fmt::format("{} is not set, though this is a task of an array: --shard says "
                    "which part to run, --shard all to run all of it",
                    name));
  }
  return wrong_usage(fmt::format("{}={}: must be a whole number", name, text));
}

/// Arrays begin where they like and may go in steps, but must go evenly.
Result<ShardChoice> by_slurm(const Environment& environment) {
  const auto id = number_of(environment, "SLURM_ARRAY_TASK_ID");
  const auto count = number_of(environment, "SLURM_ARRAY_TASK_COUNT");
  const auto first = number_of(environment, "SLURM_ARRAY_TASK_MIN", 1);
  const auto step = number_of(environment, "SLURM_ARRAY_TASK_STEP", 1);
  for (const auto* number : {&id, &count, &first, &step}) {
    if (!*number) return tl::unexpected(number->error());
  }
  const std::string said_by =
      fmt::format("SLURM_ARRAY_TASK_ID={} of {} from {}", *id, *count, *first);
  const auto last = number_of(environment, "SLURM_ARRAY_TASK_MAX", *first + *step * (*count - 1));
  if (!last) return tl::unexpected(last.error());
  if (*step < 1 || *last != *first + *step * (*count - 1) || (*id - *first) % *step != 0) {
    return wrong_usage(
        fmt::format("{}: the tasks of the array must be numbered evenly, such as "
                    "--array=1-4; --shard says which part to run otherwise",
                    said_by));
  }
  return checked((*id - *first) / *step + 1, *count, said_by);
}

Result<ShardChoice> by_kubernetes(const Environment& environment) {
  const auto index = number_of(environment, "JOB_COMPLETION_INDEX");
  const auto count = number_of(environment, "WEIR_SHARDS");
  if (!index) return tl::unexpected(index.error());
  if (!count) return tl::unexpected(count.error());
  return checked(*index + 1, *count,
                 fmt::format("JOB_COMPLETION_INDEX={}, WEIR_SHARDS={}", *index, *count));
}

}  // namespace

Result<ShardChoice> choose_shard(const std::string& words, const Environment& environment) {
  if (words == "all") return ShardChoice{std::nullopt, "--shard"};
  if (!words.empty()) return by_words(words);
  if (environment("SLURM_ARRAY_TASK_ID") != nullptr) return by_slurm(environment);
  // Every task of an Indexed Job has a number, whether or not it is a shard.
  if (environment("JOB_COMPLETION_INDEX") != nullptr && environment("WEIR_SHARDS") != nullptr) {
    return by_kubernetes(environment);
  }
  return ShardChoice{};
}

void say_that_it_is_not_cut(const char* what, bool quiet) {
  const auto choice = choose_shard("", [](const char* name) { return std::getenv(name); });
  if (quiet || (choice && !choice->shard)) return;
  const bool by_slurm = std::getenv("SLURM_ARRAY_TASK_ID") != nullptr;
  fmt::print(stderr,
             "weir: {} is not cut into shards, so that every task does all of it ({} is set)\n",
             what, by_slurm ? "SLURM_ARRAY_TASK_ID" : "JOB_COMPLETION_INDEX");
}

void ShardOption::add_to(CLI::App& command) {
  option = command
               .add_option(
                   "--shard", words,
                   "Run one part of several, by keys: 2/4 (default: as the environment of a Slurm "
                   "array or an Indexed Job says; all for the whole)")
               ->type_name("I/N");
}

int ShardOption::choose(bool quiet) {
  if (option->count() > 0 && words.empty()) {
    complain("--shard \"\": must be such as 2/4, or \"all\"");
    return exit_usage;
  }
  const auto choice = choose_shard(words, [](const char* name) { return std::getenv(name); });
  if (!choice) return complain_of(choice.error());
  shard = choice->shard;
  if (shard && !quiet) {
    fmt::print(stderr, "weir: shard {} of {}, by {}\n", shard->index, shard->count,
               choice->said_by);
  }
  return exit_passed;
}

}  // namespace weir::cli
