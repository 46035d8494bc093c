#include "cli/version.hpp"

#include <curl/curl.h>
#include <fmt/format.h>
#include <hiredis/hiredis.h>
#include <openssl/crypto.h>
#include <openssl/opensslv.h>
#include <zlib.h>

#include <CLI/Version.hpp>
#include <algorithm>
#include <boost/version.hpp>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

namespace weir::cli {
namespace {

struct Library {
  const char* name;
  std::string built_with;
  std::string runs_with;
};

std::string compiler() {
#if defined(__clang__)
  return fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  return fmt::format("g++ {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

std::string dotted(int major, int minor, int patch) {
  return fmt::format("{}.{}.{}", major, minor, patch);
}

/// With what runs too, where that is a shared library of the system.
std::vector<Library> libraries() {
  return {{"Boost", dotted(BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100),
           ""},
          {"CLI11", CLI11_VERSION, ""},
          {"fmt", dotted(FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100), ""},
          {"hiredis", dotted(HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH), ""},
          {"libcurl", LIBCURL_VERSION, curl_version_info(CURLVERSION_NOW)->version},
          {"nlohmann_json",
           dotted(NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR,
                  NLOHMANN_JSON_VERSION_PATCH),
           ""},
          {"OpenSSL", OPENSSL_VERSION_STR, OpenSSL_version(OPENSSL_VERSION_STRING)},
          {"zlib", ZLIB_VERSION, zlibVersion()}};
}

}  // namespace

std::string version_text(const BuildFacts& build) {
  const std::string_view commit = build.commit, type = build.build_type;
  std::string text = fmt::format("weir {}\n", WEIR_VERSION);
  if (!commit.empty()) text += fmt::format("commit        {}\n", commit);
  text +=
      fmt::format("compiler      {}, build type {}\n", compiler(), type.empty() ? "None" : type);
  for (const Library& library : libraries()) {
    const bool is_other = !library.runs_with.empty() && library.runs_with != library.built_with;
    text += fmt::format("{:<13} {}{}\n", library.name, library.built_with,
                        is_other ? fmt::format(" (running with {})", library.runs_with) : "");
  }
  text.pop_back();
  return text;
}

}  // namespace weir::cli
