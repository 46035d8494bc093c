#include "e2e/program.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "e2e/http_client.hpp"

namespace weir::e2e {
namespace {

using std::chrono::milliseconds;

[[noreturn]] void become(const std::vector<std::string>& command, const std::string& output_path) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int output = open(output_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  std::vector<char*> words;
  words.reserve(command.size() + 1);
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  execv(words[0], words.data());
  _exit(127);
}

bool listens(std::uint16_t port) { return HttpConnection::connect(port).has_value(); }

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "weir-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make " + pattern);
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void TemporaryFolder::write(std::string_view name, std::string_view content) const {
  std::ofstream(path(name)) << content;
}

std::string TemporaryFolder::read(std::string_view name) const {
  std::ifstream file(path(name));
  return {std::istreambuf_iterator<char>(file), {}};
}

std::optional<std::string> find_program(std::string_view name) {
  const char* path = std::getenv("PATH");
  std::string folders = std::string(path == nullptr ? "" : path) + ":/usr/local/sbin:/usr/sbin";
  for (std::size_t begin = 0; begin < folders.size();) {
    const std::size_t end = std::min(folders.find(':', begin), folders.size());
    const std::string candidate = folders.substr(begin, end - begin) + "/" + std::string(name);
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
    begin = end + 1;
  }
  return std::nullopt;
}

Process::Process(const std::vector<std::string>& command, const std::string& output_path)
    : pid_(fork()) {
  if (pid_ == 0) become(command, output_path);
}

Process::~Process() {
  if (pid_ <= 0) return;
  kill(pid_, SIGTERM);
  for (int i = 0; i < 200 && is_running(); ++i) std::this_thread::sleep_for(milliseconds(10));
  if (!is_running()) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

bool Process::is_running() {
  if (!ended_ && pid_ > 0) ended_ = waitpid(pid_, nullptr, WNOHANG) != 0;
  return pid_ > 0 && !ended_;
}

void Process::signal(int number) {
  if (is_running()) kill(pid_, number);
}

std::uint16_t free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  static_cast<void>(bind(fd, reinterpret_cast<sockaddr*>(&address), size));
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(fd);
  return ntohs(address.sin_port);
}

Server start_server(const std::function<std::vector<std::string>(std::uint16_t port)>& command,
                    const std::string& output_path) {
  for (int attempt = 0; attempt < 5; ++attempt) {
    Server server{.process = nullptr, .port = free_port()};
    server.process = std::make_unique<Process>(command(server.port), output_path);
    for (int i = 0; i < 1000 && server.process->is_running(); ++i) {
      if (listens(server.port) && server.process->is_running()) return server;
      std::this_thread::sleep_for(milliseconds(10));
    }
  }
  return {};
}

std::vector<std::string> nginx_command(const std::string& program, const TemporaryFolder& folder) {
  return {program,
          "-p",
          folder.path(),
          "-c",
          folder.path("nginx.conf"),
          "-e",
          folder.path("error.log")};
}

}  // namespace weir::e2e
