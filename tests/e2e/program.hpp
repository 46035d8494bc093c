#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::e2e {

/// A new, empty folder, removed with all that is in it when this goes.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  /// The absolute path of something in it.
  std::string path(std::string_view name) const { return path_ + "/" + std::string(name); }
  const std::string& path() const { return path_; }
  void write(std::string_view name, std::string_view content) const;
  /// The whole file; empty if there is none.
  std::string read(std::string_view name) const;

 private:
  std::string path_;
};

/// The path of a program, looked for in PATH and where the system keeps its servers.
std::optional<std::string> find_program(std::string_view name);

/// A program that runs in the foreground, its output in a file; stopped when this goes.
class Process {
 public:
  Process(const std::vector<std::string>& command, const std::string& output_path);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  bool is_running();
  /// Sends it a signal, if it is running.
  void signal(int number);

 private:
  pid_t pid_;
  bool ended_ = false;
};

/// A TCP port on 127.0.0.1 that was free a moment ago.
std::uint16_t free_port();

/// A server that answers on `port`.
struct Server {
  std::unique_ptr<Process> process;
  std::uint16_t port = 0;
};

/// Starts `command(port)` and waits until it listens on that port; again on another one if it ends
/// before, because somebody else may have taken it. Null after a few such ends.
Server start_server(const std::function<std::vector<std::string>(std::uint16_t port)>& command,
                    const std::string& output_path);

/// How nginx is started with a folder's nginx.conf; it writes what goes wrong to the folder's
/// error.log.
std::vector<std::string> nginx_command(const std::string& program, const TemporaryFolder& folder);

}  // namespace weir::e2e
