#include "store/store_support.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "conformance/settings.hpp"
#include "limiter/catalogue.hpp"
#include "store/key_text.hpp"

namespace weir::store {

Definition definition_of(const std::vector<std::string>& limits) {
  Definition definition;
  definition.partition = {"user"};
  for (const std::string& words : limits) {
    const std::size_t blank = words.find(' ');
    const limiter::AlgorithmInfo* info = limiter::find_algorithm(words.substr(0, blank));
    EXPECT_NE(info, nullptr) << words;
    const auto parameters =
        limiter::parameters_of(*info, blank == words.npos ? "" : words.substr(blank + 1));
    EXPECT_TRUE(parameters) << words;
    LimitDefinition& limit = definition.limits.emplace_back();
    limit.spec.name = fmt::format("limit-{}", definition.limits.size());
    limit.spec.algorithm = info->id;
    limit.spec.key = {"user"};
    limit.state_key = {"user"};
    limit.variants = {*parameters};
  }
  return definition;
}

Ask ask_of(const Definition& definition, Instant now, const std::string& user, policy::Cost cost) {
  Ask ask{now, "", {}, ""};
  append_key_value(ask.partition, user, true);
  for (std::size_t l = 0; l < definition.limits.size(); ++l) {
    ask.limits.push_back({static_cast<std::uint16_t>(l), 0, ask.partition, cost});
  }
  return ask;
}

}  // namespace weir::store
