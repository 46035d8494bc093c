#pragma once

#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "scenario/model.hpp"
#include "sim/run_control.hpp"
#include "sweep/front.hpp"
#include "sweep/grid.hpp"

namespace weir::sweep {

struct SweepOptions {
  /// How many threads; 0 is one a processor.
  unsigned threads = 0;
  /// The only policy to run, by name; empty for all. The traffic stays that of all.
  std::string policy = {};
  bool skip_bad_rows = false;
  /// What to choose by, the first counting most; empty for what suits the scenario. Fields are
  /// those of the report of one setting; of several policies' the swept one's need no prefix.
  std::vector<Objective> objectives = {};
  /// Further fields to tell of each setting.
  std::vector<std::string> fields = {};
  /// How many policies are run side by side, which bounds memory; never changes results.
  std::size_t batch = 32;
};

/// Why a sweep cannot be run.
struct SweepRefusal {
  ErrorKind kind = ErrorKind::invalid_scenario;
  /// Which setting is wrong, unless it is the sweep.
  std::string setting;
  Problems problems;
};

template <class T>
using SweepResult = tl::expected<T, SweepRefusal>;

/// A threshold that a simulation cannot judge, and why.
struct NotJudged {
  std::string expression;
  std::string reason;

  bool operator==(const NotJudged&) const = default;
};

/// What came of one setting.
struct SettingOutcome {
  /// Its number in the grid.
  std::size_t setting = 0;
  std::string scenario_sha256;
  std::string verdict;
  /// The thresholds that failed.
  std::vector<std::string> failed;
  /// Those of which a simulation cannot say anything, each with the reason.
  std::vector<NotJudged> not_judged;
  /// The value of each of the sweep's fields, null where it could not be computed.
  std::vector<nlohmann::ordered_json> figures;
};

struct SweepOutcome {
  /// In the order of the grid; of an interrupted sweep, those that were done.
  std::vector<SettingOutcome> settings;
  /// How often traffic was planned: more than once where what varies decides what is sent.
  std::size_t plans = 0;
  Duration series_interval;
  /// Into how many parts such an interval is cut: a window may begin at each.
  std::size_t series_parts = 0;
  bool interrupted = false;
};

/// A scenario with every setting of a grid, read and checked.
class Sweep {
 public:
  /// `text` is a scenario file; the grid's overrides come after those of the options. Stopped, it
  /// has read only the first settings, at least one.
  static SweepResult<Sweep> prepare(const std::string& text, const scenario::LoadOptions& load,
                                    Grid grid, const SweepOptions& options,
                                    const sim::RunControl& control);

  /// Runs every setting; settings that share a plan meet the very same operations.
  SweepResult<SweepOutcome> run(sim::RunControl& control) const;

  const Grid& grid() const { return grid_; }
  /// The scenario in the first setting.
  const scenario::Scenario& first() const { return scenarios_.front(); }
  /// The policy whose figures count, or empty where there is but one without a name.
  const std::string& policy() const { return policy_; }
  /// Paths in a setting's report.
  const std::vector<std::string>& fields() const { return fields_; }
  const std::vector<Objective>& objectives() const { return objectives_; }
  /// Those of the fields that were asked for beside thresholds and objectives.
  const std::vector<std::string>& asked() const { return asked_; }

 private:
  Sweep(Grid grid, SweepOptions options) : grid_(std::move(grid)), options_(std::move(options)) {}

  SweepResult<void> read_settings(const std::string& text, const scenario::LoadOptions& load,
                                  const sim::RunControl& control);
  SweepResult<void> choose_policy();
  SweepResult<void> choose_fields();
  SweepResult<void> check_paths() const;
  SweepRefusal wrong_field(std::size_t setting, const std::string& field,
                           const std::string& why) const;
  SweepRefusal refuse(std::size_t setting, ErrorKind kind, Problems problems) const;

  Grid grid_;
  SweepOptions options_;
  std::vector<scenario::Scenario> scenarios_;
  std::string policy_;
  std::vector<std::string> fields_;
  std::vector<Objective> objectives_;
  std::vector<std::string> asked_;
  /// By field: the option that named it, as it was given.
  std::map<std::string, std::string> named_by_;

  friend class PlanGroup;
};

}  // namespace weir::sweep
