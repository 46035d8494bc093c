#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "report/cells.hpp"
#include "report/html_page.hpp"

namespace weir::report {

// The sections of the HTML page of a report; each adds nothing where there is nothing to show.

/// What happened under one policy.
void add_figure_sections(HtmlPage& page, const nlohmann::ordered_json& report,
                         const nlohmann::ordered_json& figures, const Cells& cells);
/// The policies side by side, on the same axes.
void add_comparison_section(HtmlPage& page, const nlohmann::ordered_json& report,
                            const Cells& cells);
/// The disagreements of weir verify, on a time line.
void add_verification_section(HtmlPage& page, const nlohmann::ordered_json& report,
                              const Cells& cells);

/// The page of a probe: what was found, the story of its experiments, and each on a time line.
std::string render_probe_html(const nlohmann::ordered_json& report, const Cells& cells);

}  // namespace weir::report
