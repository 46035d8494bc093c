#include "load/credentials.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir::load {
namespace {

using Names = std::vector<std::string>;

/// A class of traffic with an attribute "key" of these values, and a target that is told it so.
scenario::Scenario keyed(traffic::ValueDistribution values, const std::string& where) {
  scenario::Scenario scenario;
  scenario.traffic.emplace_back().attributes.push_back({"key", std::move(values), ""});
  scenario.target.emplace().identify["key"] = *scenario::parse_identification(where);
  return scenario;
}

TEST(CredentialAttributes, AreGivenValuesInHeadersThatCarryThem) {
  const traffic::FileValues of_a_file{"keys.txt", {"sk-1"}};
  EXPECT_EQ(credential_attributes(keyed(of_a_file, "bearer")), Names{"key"});
  EXPECT_EQ(credential_attributes(keyed(of_a_file, "header:x-API-key")), Names{"key"});
  EXPECT_EQ(credential_attributes(keyed(of_a_file, "header:X-User")), Names{});
  EXPECT_EQ(credential_attributes(keyed(traffic::ConstantValue{"sk-1"}, "bearer")), Names{"key"});
}

TEST(CredentialAttributes, AreNotMadeUp) {
  EXPECT_EQ(credential_attributes(keyed(traffic::UniformValues{5}, "bearer")), Names{});
  EXPECT_EQ(credential_attributes(keyed(traffic::ZipfValues{5, 1.0}, "bearer")), Names{});
}

TEST(CredentialAttributes, ComeFromTracesToo) {
  scenario::Scenario scenario;
  scenario.traffic.emplace_back().trace = traffic::TraceSpec{};
  scenario.target.emplace().headers["Authorization"].text = "Bearer {token}";
  EXPECT_EQ(credential_attributes(scenario), Names{"token"});
  scenario.target->headers.clear();
  EXPECT_EQ(credential_attributes(scenario), Names{});
  scenario.target.reset();
  EXPECT_EQ(credential_attributes(scenario), Names{});
}

}  // namespace
}  // namespace weir::load
