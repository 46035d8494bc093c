#include "http/url.hpp"

#include <gtest/gtest.h>

namespace weir::http {
namespace {

Url url_of(const std::string& text) {
  const auto url = parse_url(text);
  EXPECT_TRUE(url) << text;
  return url.value_or(Url());
}

TEST(Url, IsCutUp) {
  const Url url = url_of("https://me:secret@[::1]:8443/v1/{model}?key=7#part");
  EXPECT_TRUE(url.is_tls);
  EXPECT_EQ(url.user_info, "me:secret");
  EXPECT_EQ(url.host, "::1");
  EXPECT_EQ(url.port, 8443);
  EXPECT_EQ(url.authority, "[::1]:8443");
  EXPECT_EQ(url.path, "/v1/{model}?key=7");
  EXPECT_EQ(url.origin(), "https://[::1]:8443");
}

TEST(Url, HasThePortOfItsScheme) {
  EXPECT_EQ(url_of("http://a").port, 80);
  EXPECT_EQ(url_of("https://a").port, 443);
  EXPECT_EQ(url_of("http://a:").port, 80);
  EXPECT_EQ(url_of("http://a:1").port, 1);
  EXPECT_EQ(url_of("http://a:65535").port, 65'535);
}

TEST(Url, AlwaysHasAPathToAskFor) {
  EXPECT_EQ(url_of("http://a").path, "/");
  EXPECT_EQ(url_of("http://a?q=1").path, "/?q=1");
  EXPECT_FALSE(url_of("http://a/").has_path);
  EXPECT_TRUE(url_of("http://a?q").has_path);
  EXPECT_TRUE(url_of("http://a/b").has_path);
}

TEST(Url, SaysWhatIsWrong) {
  for (const char* text :
       {"", "a", "ftp://a", "http://", "http:///x", "http://a:0", "http://a:65536", "http://a:b",
        "http://[::1", "http://[::1]x", "http://a b", "http://a\n", "http://{user}.example/"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().kind, ErrorKind::usage);
    EXPECT_NE(url.error().message.find("http://127.0.0.1:8080/path"), std::string::npos) << text;
  }
}

TEST(Url, IsOverriddenInPartOrWhole) {
  const std::string ours = "http://127.0.0.1:8080/v1/{model}";
  EXPECT_EQ(override_url(ours, ""), ours);
  EXPECT_EQ(override_url("", "http://b"), "http://b");
  EXPECT_EQ(override_url(ours, "https://b:1"), "https://b:1/v1/{model}");
  EXPECT_EQ(override_url(ours, "https://b:1/"), "https://b:1/v1/{model}");
  EXPECT_EQ(override_url(ours, "http://b/other"), "http://b/other");
}

}  // namespace
}  // namespace weir::http
