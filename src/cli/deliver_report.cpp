#include "cli/deliver_report.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "cli/command.hpp"
#include "cli/write_report.hpp"
#include "report/json.hpp"
#include "report/terminal.hpp"

namespace weir::cli {
namespace {

int terminal_width() {
  winsize size = {};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 100;
  return std::clamp<int>(size.ws_col, 40, 120);
}

}  // namespace

int deliver_report(const nlohmann::ordered_json& report, const std::string& folder,
                   ReportFiles& formats, const CommonOptions& options) {
  int code = exit_passed;
  if (!folder.empty()) {
    if (const auto done = write_report(folder, report); !done) {
      code = complain_of(done.error());
    }
  }
  if (const auto done = formats.add(report); !done) code = complain_of(done.error());
  std::string text;
  if (options.json) {
    text = report::to_text(report);
  } else if (!options.quiet) {
    text = report::render_terminal(
        report, {.color = options.color_on_stdout(), .width = terminal_width(), .unicode = true});
  }
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    complain("could not write to standard output");
    return exit_could_not_run;
  }
  return code;
}

}  // namespace weir::cli
