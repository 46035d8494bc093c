#pragma once

#include <CLI/App.hpp>
#include <functional>

namespace weir::cli {

// The subcommands of `weir report`, one a file; src/cli/report.cpp has their table.

std::function<int()> add_report_render(CLI::App& report);
std::function<int()> add_report_compare(CLI::App& report);
std::function<int()> add_report_merge(CLI::App& report);

}  // namespace weir::cli
