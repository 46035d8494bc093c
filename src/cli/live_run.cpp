#include "cli/live_run.hpp"

#include <fmt/format.h>

#include <utility>

#include "cli/command.hpp"
#include "cli/interrupt.hpp"
#include "cli/live_line.hpp"
#include "load/credentials.hpp"

namespace weir::cli {

Observed observe(const scenario::Scenario& scenario, const load::LoadRun& run) {
  const std::vector<std::string> credentials = load::credential_attributes(scenario);
  policy::LimitSpec target;
  target.name = "target";
  target.algorithm = "live";
  target.key = run.key_attributes();
  target.key.insert(target.key.end(), credentials.begin(), credentials.end());
  Observed observed{scenario, !credentials.empty()};
  observed.scenario.policies.assign(1, policy::PolicySpec());
  observed.scenario.policies[0].limits.push_back(std::move(target));
  observed.scenario.backend.reset();
  return observed;
}

metrics::Outcome run_watched(load::LoadRun& run, const CommonOptions& options) {
  load::LoadControl control;
  const InterruptGuard guard(control.stop);
  const LiveLine line(run, control, !options.quiet);
  return run.run(control);
}

int live_exit_code(const nlohmann::ordered_json& report, const metrics::Outcome& outcome) {
  if (outcome.interrupted) return exit_interrupted;
  if (outcome.live->unanswered) {
    complain(fmt::format("{}: not one request was answered", outcome.live->url));
    return exit_unreachable;
  }
  if (outcome.shard && outcome.why_inconclusive.empty()) return exit_passed;
  return report["verdict"] == "pass" ? exit_passed : exit_failed;
}

}  // namespace weir::cli
