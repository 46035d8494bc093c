#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

#include "limiter/catalogue.hpp"
#include "scenario/json_document.hpp"
#include "scenario/model.hpp"
#include "scenario/scenario_for_test.hpp"
#include "support/paths.hpp"
#include "traffic/temporary_file_for_test.hpp"

namespace weir::scenario {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;

const std::string source = WEIR_SOURCE_DIR;

/// What a program prints, and its exit code.
struct Output {
  std::string text;
  int exit_code = -1;
};

Output run(const std::string& command) {
  Output output;
  FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return output;
  std::array<char, 4096> buffer;
  while (const std::size_t size = fread(buffer.data(), 1, buffer.size(), pipe)) {
    output.text.append(buffer.data(), size);
  }
  const int status = pclose(pipe);
  output.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return output;
}

/// What the schema finds wrong with each of the documents, or none if nobody is there to ask.
std::optional<Json> problems_by_schema(const Json& documents) {
  const Json given = {{"schema", scenario_schema()}, {"documents", documents}};
  const traffic::TemporaryFile file(given.dump());
  const Output output =
      run("python3 " + source + "/tests/scenario/validate_by_schema.py " + file.path());
  if (output.exit_code == 77 || output.exit_code == 127) return std::nullopt;
  EXPECT_EQ(output.exit_code, 0);
  return Json::parse(output.text, nullptr, false);
}

Json document_of_file(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  const JsonText read = read_json(text.str());
  EXPECT_TRUE(read.document) << path;
  return read.document.value_or(Json());
}

/// Every example of the project, with the words of a command line for each algorithm.
Json examples() {
  Json out = Json::object();
  const std::string data = source + "/tests/scenario/data/every_feature.jsonc";
  out["every feature"] = document_of_file(data);
  for (const auto& entry : std::filesystem::directory_iterator(source + "/scenarios")) {
    if (entry.path().extension() == ".jsonc") {
      out[entry.path().filename().string()] = document_of_file(entry.path());
    }
  }
  for (const limiter::AlgorithmInfo& info : limiter::catalogue()) {
    const std::string id(info.id);
    const auto limit = limit_from_words(id + ' ' + std::string(info.example));
    EXPECT_TRUE(limit) << id;
    if (limit) out[id] = changed({{"/policy/limits/0", limit->dump()}});
  }
  return out;
}

TEST(ScenarioSchema, AgreesWithTheParser) {
  Json documents = examples();
  for (const Right& right : rights()) documents["right: " + right.name] = changed(right.changes);
  const std::size_t right_ones = documents.size();
  for (const Fault& fault : faults()) documents["wrong: " + fault.name] = changed(fault.changes);
  ASSERT_EQ(documents.size(), right_ones + faults().size()) << "names must be unique";
  const std::optional<Json> problems = problems_by_schema(documents);
  if (!problems) GTEST_SKIP() << "python3 or its module jsonschema is missing";
  ASSERT_TRUE(problems->is_object());
  for (const auto& [name, found] : problems->items()) {
    const bool is_fault = name.rfind("wrong: ", 0) == 0;
    EXPECT_TRUE(is_fault || found.empty()) << name << ": " << found.dump();
  }
  for (const Fault& fault : faults()) {
    const Json& found = problems->at("wrong: " + fault.name);
    if (fault.seen_by_schema) {
      EXPECT_THAT(found, Not(IsEmpty())) << fault.name;
    } else {
      EXPECT_THAT(found, IsEmpty()) << fault.name;
    }
  }
}

TEST(ScenarioSchema, DescribesEveryParameterOfTheCatalogue) {
  const Json schema = scenario_schema();
  const Json& limit = schema.at("$defs").at("limit");
  EXPECT_EQ(limit.at("properties").at("algorithm").at("enum").size(), limiter::catalogue().size());
  ASSERT_EQ(limit.at("allOf").size(), limiter::catalogue().size());
  for (std::size_t i = 0; i < limiter::catalogue().size(); ++i) {
    const limiter::AlgorithmInfo& info = limiter::catalogue()[i];
    SCOPED_TRACE(info.id);
    const Json& own = limit.at("allOf")[i];
    EXPECT_EQ(own.at("if").at("properties").at("algorithm").at("const"), info.id);
    EXPECT_EQ(own.at("then").at("description"), info.summary);
    for (const limiter::ParameterSpec& spec : info.parameters) {
      const Json& property = own.at("then").at("properties").at(std::string(spec.name));
      EXPECT_EQ(property.at("description"), spec.description);
      EXPECT_EQ(property.contains("default"), !spec.default_value.empty());
    }
  }
}

TEST(ScenarioSchema, GivesDefaultsAsTheyStandInAFile) {
  const Json schema = scenario_schema();
  const Json& fields = schema.at("properties");
  EXPECT_EQ(fields.at("seed").at("default"), 1);
  EXPECT_EQ(fields.at("warmup").at("default"), "0s");
  EXPECT_FALSE(fields.at("duration").contains("default"));
  const Json& limit = schema.at("$defs").at("limit").at("properties");
  EXPECT_EQ(limit.at("enforce").at("default"), true);
  EXPECT_EQ(limit.at("key").at("default"), Json::array());
  EXPECT_EQ(limit.at("charge").at("default"), "admit");
  const Json& one = fields.at("traffic").at("items").at("$ref");
  const Json& clients = schema.at("$defs").at("class").at("properties").at("clients");
  EXPECT_EQ(one, "#/$defs/class");
  EXPECT_EQ(clients.at("properties").at("think_time").at("default"), "0s");
}

TEST(ScenarioSchema, SaysWhatItIs) {
  const Json schema = scenario_schema();
  EXPECT_EQ(schema.at("$schema"), "https://json-schema.org/draft/2020-12/schema");
  EXPECT_EQ(schema.at("$id"), "urn:weir:schema:scenario");
  for (const auto& [name, field] : schema.at("properties").items()) {
    EXPECT_TRUE(field.contains("description")) << name;
  }
}

}  // namespace
}  // namespace weir::scenario
