#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/columns.hpp"
#include "core/request.hpp"
#include "core/result.hpp"

namespace weir::load {

/// How the values of a run are written in requests.
struct ValueNames {
  const Columns* columns = nullptr;
  /// Stands behind every generated value, so that a gateway has not met it before; may be empty.
  std::string nonce;
};

/// One request to be written: a row of a block, and what stands in for the values of some of its
/// columns (a key that only the audit uses).
struct RenderedRow {
  const RequestBlock* block = nullptr;
  std::size_t row = 0;
  const std::vector<std::size_t>* replaced = nullptr;
  std::string_view replacement = {};
};

/// A text with {NAME}s, made ready to be written for one request after another without taking
/// memory.
class TextTemplate {
 public:
  /// How values are made safe where they stand: not at all, for a header, percent-encoded for a
  /// URL, or escaped for a JSON string.
  enum class Place { plain, header, url, json };

  /// Fails on a {NAME} that no request has.
  static Result<TextTemplate> make(std::string_view text, Place place, const ValueNames& names);

  void append(const RenderedRow& row, std::string& out) const;
  /// The same text for every request.
  bool is_constant() const { return parts_.empty() || (parts_.size() == 1 && is_text(parts_[0])); }
  /// Whether it has a value of one of these columns.
  bool names_any(const std::vector<std::size_t>& attributes) const;

 private:
  struct Part {
    enum class Kind { text, attribute, cost, operation };
    Kind kind = Kind::text;
    std::string text;
    std::size_t column = 0;
  };

  static bool is_text(const Part& part) { return part.kind == Part::Kind::text; }
  void append_attribute(const Part& part, const RenderedRow& row, std::string& out) const;
  void make_safe(std::string& out, std::size_t from) const;

  Place place_ = Place::plain;
  ValueNames names_;
  std::vector<Part> parts_;
};

}  // namespace weir::load
