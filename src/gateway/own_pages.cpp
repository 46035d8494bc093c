#include "gateway/own_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/letter_case.hpp"
#include "core/percent.hpp"
#include "gateway/metrics_page.hpp"
#include "http/header_text.hpp"
#include "http/query.hpp"

namespace weir::gateway {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view json_type = "application/json";
/// Of keys that one answer tells of.
constexpr std::size_t most_keys = 1'000;

bool is_reading(const RequestView& request) {
  return request.method == "GET" || request.method == "HEAD";
}

Page error_page(int status, std::string_view message, std::string headers = "") {
  return {.status = status,
          .content_type = std::string(json_type),
          .body = Json{{"error", message}}.dump() + "\n",
          .headers = std::move(headers)};
}

/// The page of a path that both listeners have.
std::optional<Page> status_page(const PageSources& sources, const RequestView& request) {
  if (!is_reading(request)) return std::nullopt;
  if (request.path() == "/healthz") return Page{.body = "ok\n"};
  if (request.path() != "/metrics") return std::nullopt;
  return Page{.content_type = "text/plain; version=0.0.4; charset=utf-8",
              .body = metrics_page(sources.metrics->totals(), sources.store()->figures(),
                                   sources.server())};
}

class StatusPages final : public Pages {
 public:
  explicit StatusPages(std::shared_ptr<const PageSources> sources) : sources_(std::move(sources)) {}

  bool serve(const RequestView& request, std::function<void(Page&&)> ready) override {
    auto page = status_page(*sources_, request);
    if (!page) return false;
    ready(std::move(*page));
    return true;
  }

 private:
  std::shared_ptr<const PageSources> sources_;
};

/// The parameters of a query as a filter: "limit" names one, all others are attributes.
store::KeyFilter filter_of(std::string_view target) {
  store::KeyFilter filter;
  for (const auto& [name, value] : http::query_pairs(target)) {
    if (percent_decoded(name, true) == "limit") {
      filter.limit = percent_decoded(value, true);
    } else {
      filter.values.emplace_back(percent_decoded(name, true), percent_decoded(value, true));
    }
  }
  return filter;
}

Page keys_page(const std::vector<store::KeyCount>& keys) {
  Json list = Json::array();
  for (const store::KeyCount& key : keys) {
    Json entry = {{"limit", key.limit},
                  {"key", key.key},
                  {"quota", key.quota.limit},
                  {"used", key.quota.limit - key.quota.remaining},
                  {"remaining", key.quota.remaining}};
    entry["reset_after_ns"] =
        key.quota.reset_after == Duration::max() ? Json(nullptr) : Json(key.quota.reset_after.ns());
    list.push_back(std::move(entry));
  }
  return {.content_type = std::string(json_type),
          .body = Json{{"keys", list}, {"complete", keys.size() < most_keys}}.dump(
                      2, ' ', false, Json::error_handler_t::replace) +
                  "\n"};
}

class AdminPages final : public Pages {
 public:
  AdminPages(std::shared_ptr<const PageSources> sources, boost::asio::io_context& loop)
      : sources_(std::move(sources)), loop_(loop) {}

  bool serve(const RequestView& request, std::function<void(Page&&)> ready) override {
    if (is_reading(request) && request.path() == "/healthz") {
      ready({.body = "ok\n"});
    } else if (!may(request)) {
      ready(error_page(401, "needs Authorization: Bearer TOKEN", "WWW-Authenticate: Bearer\r\n"));
    } else if (auto page = status_page(*sources_, request)) {
      ready(std::move(*page));
    } else if (request.path() == "/totals" && is_reading(request)) {
      ready({.content_type = std::string(json_type),
             .body = totals_page(sources_->metrics->totals(), sources_->store()->figures())});
    } else if (request.path() == "/keys") {
      serve_keys(request, std::move(ready));
    } else if (request.path() == "/totals" || request.path() == "/metrics") {
      ready(error_page(405, "is only read", "Allow: GET, HEAD\r\n"));
    } else {
      ready(error_page(404, "there are /healthz, /metrics, /totals and /keys"));
    }
    return true;
  }

 private:
  bool may(const RequestView& request) const {
    if (sources_->admin_token.empty()) return true;
    const auto value = request.headers[boost::beast::http::field::authorization];
    constexpr std::string_view scheme = "bearer ";
    std::string_view given(value.data(), value.size());
    if (!same_in_any_case(given.substr(0, scheme.size()), scheme)) return false;
    given.remove_prefix(scheme.size());
    const std::string& wanted = sources_->admin_token;
    // Takes as long whatever is wrong.
    std::size_t differences = given.size() ^ wanted.size();
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      differences |= static_cast<std::size_t>(
          static_cast<unsigned char>(wanted[i] ^ (i < given.size() ? given[i] : '\0')));
    }
    return differences == 0;
  }

  void serve_keys(const RequestView& request, std::function<void(Page&&)> ready) {
    store::KeyFilter filter = filter_of(request.target);
    if (is_reading(request)) {
      client().inspect(std::move(filter), most_keys, sources_->clock.now(),
                       [ready = std::move(ready)](std::vector<store::KeyCount> keys) {
                         ready(keys_page(keys));
                       });
    } else if (request.method != "DELETE") {
      ready(error_page(405, "is read with GET and reset with DELETE",
                       "Allow: GET, HEAD, DELETE\r\n"));
    } else if (filter.limit.empty() && filter.values.empty()) {
      ready(error_page(400, "say which keys: ?user=NAME, ?limit=NAME, or both"));
    } else {
      client().reset(std::move(filter), [ready = std::move(ready)](std::size_t count) {
        ready(
            {.content_type = std::string(json_type), .body = Json{{"reset", count}}.dump() + "\n"});
      });
    }
  }

  // A reload may have made another store.
  store::StoreClient& client() {
    std::shared_ptr<store::Store> now = sources_->store();
    if (now != store_) {
      client_ = now->make_client(loop_);
      store_ = std::move(now);
    }
    return *client_;
  }

  std::shared_ptr<const PageSources> sources_;
  boost::asio::io_context& loop_;
  std::shared_ptr<store::Store> store_;
  std::unique_ptr<store::StoreClient> client_;
};

}  // namespace

std::unique_ptr<Pages> make_status_pages(std::shared_ptr<const PageSources> sources) {
  return std::make_unique<StatusPages>(std::move(sources));
}

std::unique_ptr<Pages> make_admin_pages(std::shared_ptr<const PageSources> sources,
                                        boost::asio::io_context& loop) {
  return std::make_unique<AdminPages>(std::move(sources), loop);
}

}  // namespace weir::gateway
