#include "cli/shard_choice.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace weir::cli {
namespace {

using Variables = std::map<std::string, std::string>;

/// "2/4 by ...", "all by ...", or what is wrong.
std::string choice(const std::string& words, const Variables& variables = {}) {
  const auto chosen = choose_shard(words, [&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
  if (!chosen) return chosen.error().message;
  if (!chosen->shard) return "all by " + chosen->said_by;
  return fmt::format("{}/{} by {}", chosen->shard->index, chosen->shard->count, chosen->said_by);
}

Variables slurm(const std::string& id, const std::string& count, const std::string& first,
                const std::string& last, const std::string& step = "1") {
  return {{"SLURM_ARRAY_TASK_ID", id},
          {"SLURM_ARRAY_TASK_COUNT", count},
          {"SLURM_ARRAY_TASK_MIN", first},
          {"SLURM_ARRAY_TASK_MAX", last},
          {"SLURM_ARRAY_TASK_STEP", step}};
}

TEST(ShardChoice, IsTheWholeRunIfNobodySaysOtherwise) {
  EXPECT_EQ(choice(""), "all by ");
  EXPECT_EQ(choice("", {{"JOB_COMPLETION_INDEX", "3"}}), "all by ");
}

TEST(ShardChoice, IsWhatTheOptionSays) {
  EXPECT_EQ(choice("1/1"), "1/1 by --shard 1/1");
  EXPECT_EQ(choice("64/64"), "64/64 by --shard 64/64");
  EXPECT_EQ(choice("2/4", slurm("3", "8", "1", "8")), "2/4 by --shard 2/4");
  EXPECT_EQ(choice("all", slurm("3", "8", "1", "8")), "all by --shard");
}

TEST(ShardChoice, RefusesWhatIsNoShard) {
  EXPECT_EQ(choice("0/4"), "--shard 0/4: of 4 shards there is no number 0");
  EXPECT_EQ(choice("5/4"), "--shard 5/4: of 4 shards there is no number 5");
  EXPECT_EQ(choice("1/65"), "--shard 1/65: a run is cut into 1 to 64 shards, not into 65");
  EXPECT_EQ(choice("1/0"), "--shard 1/0: a run is cut into 1 to 64 shards, not into 0");
  for (const char* words : {"1", "/", "1/", "/2", "a/b", "1/2/3", " 1/2", "-1/2x"}) {
    EXPECT_EQ(choice(words), fmt::format("--shard {}: must be such as 2/4, or \"all\"", words));
  }
}

TEST(ShardChoice, FollowsASlurmArray) {
  EXPECT_EQ(choice("", slurm("1", "4", "1", "4")), "1/4 by SLURM_ARRAY_TASK_ID=1 of 4 from 1");
  EXPECT_EQ(choice("", slurm("0", "4", "0", "3")), "1/4 by SLURM_ARRAY_TASK_ID=0 of 4 from 0");
  EXPECT_EQ(choice("", slurm("14", "3", "10", "14", "2")),
            "3/3 by SLURM_ARRAY_TASK_ID=14 of 3 from 10");
  // Some schedulers set no more.
  EXPECT_EQ(choice("", {{"SLURM_ARRAY_TASK_ID", "2"}, {"SLURM_ARRAY_TASK_COUNT", "2"}}),
            "2/2 by SLURM_ARRAY_TASK_ID=2 of 2 from 1");
}

TEST(ShardChoice, RefusesASlurmArrayThatIsNoRange) {
  EXPECT_EQ(choice("", slurm("7", "3", "1", "7")),
            "SLURM_ARRAY_TASK_ID=7 of 3 from 1: the tasks of the array must be numbered evenly, "
            "such as --array=1-4; --shard says which part to run otherwise");
  EXPECT_EQ(
      choice("", slurm("100", "100", "1", "100")),
      "SLURM_ARRAY_TASK_ID=100 of 100 from 1: a run is cut into 1 to 64 shards, not into 100");
  EXPECT_EQ(choice("", {{"SLURM_ARRAY_TASK_ID", "2"}}),
            "SLURM_ARRAY_TASK_COUNT is not set, though this is a task of an array: --shard says "
            "which part to run, --shard all to run all of it");
  EXPECT_EQ(choice("", slurm("x", "3", "1", "3")), "SLURM_ARRAY_TASK_ID=x: must be a whole number");
  EXPECT_EQ(choice("", slurm("1", "9223372036854775807", "1", "3")),
            "SLURM_ARRAY_TASK_COUNT=9223372036854775807: must be a whole number");
}

TEST(ShardChoice, FollowsAnIndexedJob) {
  EXPECT_EQ(choice("", {{"JOB_COMPLETION_INDEX", "0"}, {"WEIR_SHARDS", "3"}}),
            "1/3 by JOB_COMPLETION_INDEX=0, WEIR_SHARDS=3");
  EXPECT_EQ(choice("", {{"JOB_COMPLETION_INDEX", "3"}, {"WEIR_SHARDS", "3"}}),
            "JOB_COMPLETION_INDEX=3, WEIR_SHARDS=3: of 3 shards there is no number 4");
  EXPECT_EQ(choice("", {{"JOB_COMPLETION_INDEX", "1"}, {"WEIR_SHARDS", "many"}}),
            "WEIR_SHARDS=many: must be a whole number");
}

}  // namespace
}  // namespace weir::cli
