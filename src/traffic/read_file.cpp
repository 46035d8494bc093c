#include "traffic/read_file.hpp"

#include <fmt/core.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

namespace weir::traffic {
namespace {

tl::unexpected<Error> cannot_read(const std::string& path, int error_number) {
  return fail(ErrorKind::cannot_run, fmt::format("cannot read {}: {}", path,
                                                 std::generic_category().message(error_number)));
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  if (!file) return cannot_read(path, errno);
  std::string content;
  std::size_t used = 0;
  for (;;) {
    constexpr std::size_t first_block = 1 << 16;
    if (used == content.size()) content.resize(content.empty() ? first_block : 2 * used);
    errno = 0;
    const std::size_t got = std::fread(content.data() + used, 1, content.size() - used, file.get());
    used += got;
    if (got == 0) break;
  }
  if (std::ferror(file.get()) != 0) return cannot_read(path, errno);
  content.resize(used);
  return content;
}

}  // namespace weir::traffic
