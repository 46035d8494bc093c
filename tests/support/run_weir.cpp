#include "support/run_weir.hpp"

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/paths.hpp"

namespace weir::test {
namespace {

// Runs `arguments` with standard output and error in files.
int run_into_files(const std::vector<std::string>& arguments, const std::string& out,
                   const std::string& err) {
  const pid_t child = fork();
  if (child == 0) {
    if (chdir(WEIR_SOURCE_DIR) != 0 || std::freopen(out.c_str(), "w", stdout) == nullptr ||
        std::freopen(err.c_str(), "w", stderr) == nullptr) {
      _exit(126);
    }
    std::vector<char*> argv;
    for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

std::string temporary_path(const std::string& name) {
  static int count = 0;
  return testing::TempDir() + "weir-" + std::to_string(getpid()) + "-" + std::to_string(count++) +
         "-" + name;
}

std::string read_test_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    ADD_FAILURE() << "cannot read " << path;
    return {};
  }
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

ProgramResult run_weir(const std::vector<std::string>& arguments) {
  std::vector<std::string> all = {WEIR_BINARY};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const std::string out = temporary_path("out"), err = temporary_path("err");
  ProgramResult result;
  result.exit_code = run_into_files(all, out, err);
  result.out = read_test_file(out);
  result.err = read_test_file(err);
  std::filesystem::remove(out);
  std::filesystem::remove(err);
  return result;
}

}  // namespace weir::test
