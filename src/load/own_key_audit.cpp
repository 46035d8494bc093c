#include "load/own_key_audit.hpp"

#include <algorithm>

#include "metrics/retry_after_audit.hpp"

namespace weir::load {
namespace {

using Kind = OwnKeyAudit::Step::Kind;
using Finding = OwnKeyAudit::Step::Finding;

/// What an early request may take until the gateway has decided it.
constexpr Duration early_margin = Duration::from_ms(50);

}  // namespace

OwnKeyAudit::Step OwnKeyAudit::answered(Meaning meaning, Instant written, Instant end,
                                        Duration told) {
  if (meaning == Meaning::unexpected) return {Kind::over, end, Finding::none};
  const bool is_allowed = meaning == Meaning::allowed;
  switch (stage_) {
    case Stage::filling:
      if (!is_allowed) return denied_first(written, end, told);
      return {++sent_ < most_requests ? Kind::send : Kind::over, end, Finding::none};
    case Stage::early:
      if (!is_allowed) return denied_early(end, told);
      // Only if it was surely decided so early does its admission say anything.
      return {
          Kind::over, end,
          end <= promised_from_ - metrics::header_resolution ? Finding::too_long : Finding::none};
    case Stage::promised:
      break;
  }
  return {Kind::over, end, is_allowed ? Finding::honest : Finding::too_short};
}

OwnKeyAudit::Step OwnKeyAudit::denied_first(Instant written, Instant end, Duration told) {
  if (told == Duration::max()) return {Kind::over, end, Finding::none};
  promised_from_ = written + told;
  promised_until_ = end + told;
  const Instant early = promised_from_ - metrics::header_resolution - early_margin;
  stage_ = early > end ? Stage::early : Stage::promised;
  return {Kind::send, stage_ == Stage::early ? early : promised_until_, Finding::none};
}

OwnKeyAudit::Step OwnKeyAudit::denied_early(Instant end, Duration told) {
  // A gateway to which a denied request counts as well has promised something else by now.
  const bool is_put_off =
      told != Duration::max() && end + told > promised_until_ + metrics::header_resolution;
  if (is_put_off) promised_until_ = end + told;
  stage_ = Stage::promised;
  return {Kind::send, std::max(promised_until_, end), Finding::none};
}

}  // namespace weir::load
