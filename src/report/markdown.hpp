#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "report/table.hpp"

namespace weir::report {

/// Reports as GitHub's Markdown, short enough for a comment on a pull request or a job's summary.
std::string render_markdown(const std::vector<nlohmann::ordered_json>& reports);

// What Markdown is put together from.

/// A name from anywhere, as code: it can neither be markup nor call for anybody.
std::string markdown_code(std::string_view name);
/// A plain text in which nothing is markup.
std::string markdown_text(std::string_view text);
/// The first `most` rows, and how many more there are; nothing, if there are none.
std::string markdown_table(const Table& table, std::size_t most = 20);

}  // namespace weir::report
