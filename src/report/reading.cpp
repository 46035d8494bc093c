#include "report/reading.hpp"

#include <fmt/format.h>

#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "report/probe.hpp"
#include "report/schema.hpp"
#include "report/sweep_schema.hpp"
#include "report/sweep_text.hpp"

namespace weir::report {
namespace {

using Adapter = valijson::adapters::NlohmannJsonAdapter;

/// The innermost place that does not fit the schema, and why; empty if all of it does.
std::string first_misfit(const nlohmann::json& report) {
  // Order says nothing about what fits.
  const nlohmann::json document = is_probe_report(report)   ? probe_schema()
                                  : is_sweep_report(report) ? sweep_schema()
                                                            : report_schema();
  valijson::Schema schema;
  valijson::SchemaParser().populateSchema(Adapter(document), schema);
  valijson::ValidationResults results;
  if (valijson::Validator().validate(schema, Adapter(report), &results)) return {};
  valijson::ValidationResults::Error misfit;
  if (!results.popError(misfit)) return "it does not fit the schema";
  std::string place;
  for (const std::string& step : misfit.context) place += step == "<root>" ? "" : step;
  return fmt::format("{}{}{}", place, place.empty() ? "" : ": ", misfit.description);
}

}  // namespace

Result<nlohmann::ordered_json> read_report(const std::string& text, const std::string& source) {
  auto report = nlohmann::ordered_json::parse(text, nullptr, false);
  if (report.is_discarded()) {
    return fail(ErrorKind::cannot_run, fmt::format("{}: is not JSON, or is cut off", source));
  }
  if (!report.is_object() || !report.contains("schema_version")) {
    return fail(ErrorKind::cannot_run,
                fmt::format("{}: is not a report of weir: it has no schema_version", source));
  }
  if (report["schema_version"] != 1) {
    return fail(ErrorKind::cannot_run,
                fmt::format("{}: is a report of version {}, and this weir reads version 1", source,
                            report["schema_version"].dump()));
  }
  if (const std::string misfit = first_misfit(report); !misfit.empty()) {
    return fail(
        ErrorKind::cannot_run,
        fmt::format("{}: is not a report as `weir schema report` says: {}", source, misfit));
  }
  return report;
}

}  // namespace weir::report
