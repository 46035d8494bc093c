#pragma once

#include <cstdint>
#include <optional>

#include "core/time.hpp"
#include "gateway/server_options.hpp"
#include "traffic/spec.hpp"

namespace weir::gateway {

/// A stand-in for a server of language models that speaks OpenAI's API, without a model.
struct OpenAiSpec {
  /// Of each answer, unless the request wants fewer; never less than one.
  traffic::NumberDistribution completion_tokens = traffic::ConstantNumber{64};
  /// Else a token for each four bytes of text.
  std::optional<traffic::NumberDistribution> prompt_tokens;
  /// Before the first token, in nanoseconds; then each takes as long as the next.
  std::optional<traffic::NumberDistribution> latency;
  Duration time_per_token;
  std::uint64_t seed = 0;
};

/// What makes it, for each thread.
BackendFactory openai_answer(OpenAiSpec spec);

}  // namespace weir::gateway
