#include "gateway/answer_costs.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/letter_case.hpp"
#include "gateway/identify.hpp"
#include "http/header_text.hpp"

namespace weir::gateway {
namespace {

using scenario::FieldPlace;

/// Of "application/json; charset=utf-8" what stands before the ";".
std::string media_type(std::string_view value) {
  return lower_case(http::without_blanks(value.substr(0, value.find(';'))));
}

}  // namespace

void AnswerCosts::begin(const boost::beast::http::fields& headers) {
  const auto value = headers[boost::beast::http::field::content_type];
  const std::string type = media_type({value.data(), value.size()});
  is_events_ = type == "text/event-stream";
  is_json_ = !is_events_ && type.find("json") != std::string::npos;
  // An answer in some coding is not read.
  if (headers.count(boost::beast::http::field::content_encoding) > 0) is_events_ = is_json_ = false;
  read_headers(headers);
}

void AnswerCosts::read_headers(const boost::beast::http::fields& headers) {
  for (std::size_t c = 0; c < wanted_.size(); ++c) {
    if (wanted_[c] == nullptr) continue;
    for (const FieldPlace& place : wanted_[c]->places) {
      if (place.kind != FieldPlace::Kind::answer_header) continue;
      const auto found = headers.find(place.name);
      if (found == headers.end()) continue;
      if (const auto cost = parse_cost({found->value().data(), found->value().size()})) {
        costs_[c] = cost;
      }
    }
  }
}

void AnswerCosts::feed(std::string_view bytes) {
  if ((!is_json_ && !is_events_) || is_too_long_) return;
  if (kept_.size() + bytes.size() > most_kept) {
    is_too_long_ = true;
    kept_ = std::string();
    return;
  }
  kept_ += bytes;
  if (is_events_) read_events();
}

// Takes all whole lines.
void AnswerCosts::read_events() {
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = kept_.find('\n', begin);
    if (end == std::string::npos) break;
    read_event(std::string_view(kept_).substr(begin, end - begin));
    begin = end + 1;
  }
  kept_.erase(0, begin);
}

void AnswerCosts::read_event(std::string_view line) {
  constexpr std::string_view field = "data:";
  if (!line.starts_with(field)) return;
  const std::string_view data = line.substr(field.size());
  // Most events are a word of the answer each, and need not be parsed.
  if (may_tell(data)) read_document(data);
}

bool AnswerCosts::may_tell(std::string_view text) const {
  return std::any_of(wanted_.begin(), wanted_.end(), [&](const scenario::Identification* where) {
    if (where == nullptr) return false;
    return std::any_of(where->places.begin(), where->places.end(), [&](const FieldPlace& place) {
      if (place.kind != FieldPlace::Kind::answer) return false;
      const std::size_t end = place.name.find('/', 1);
      const std::string name = place.name.substr(1, end == std::string::npos ? end : end - 1);
      return name.find('~') != std::string::npos || text.find(name) != std::string_view::npos;
    });
  });
}

void AnswerCosts::read_document(std::string_view text) {
  const nlohmann::json document = nlohmann::json::parse(text, nullptr, false);
  if (document.is_discarded()) return;
  for (std::size_t c = 0; c < wanted_.size(); ++c) {
    if (wanted_[c] == nullptr) continue;
    for (const FieldPlace& place : wanted_[c]->places) {
      if (place.kind != FieldPlace::Kind::answer) continue;
      try {
        const nlohmann::json::json_pointer at(place.name);
        if (!document.contains(at)) continue;
        const auto value = text_of_json(document[at]);
        const auto cost = value ? parse_cost(*value) : std::nullopt;
        if (!cost) continue;
        costs_[c] = cost;
        break;
      } catch (const nlohmann::json::exception&) {
        continue;
      }
    }
  }
}

const std::vector<std::optional<std::int64_t>>& AnswerCosts::finish() {
  if (is_events_ && !kept_.empty()) read_event(kept_);
  if (is_json_ && !is_too_long_) read_document(kept_);
  kept_.clear();
  return costs_;
}

}  // namespace weir::gateway
