#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::load {

/// One value in a structured field: an integer as a number, everything else as it is written, a
/// string without its quotes.
struct BareItem {
  enum class Kind { integer, decimal, string, token, bytes, boolean, date, display_string };

  Kind kind = Kind::boolean;
  std::int64_t integer = 0;
  std::string_view text;
};

/// Reads a header's value as a structured field (RFC 9651): a list of items or a dictionary of
/// them, with parameters. Narrower than the RFC in that there must be a member and none may be an
/// inner list, wider in that integers may have 63 bits, since the first drafts of the RateLimit
/// fields knew no bound. What was read of a broken text must not be used: see good() first.
class StructuredFieldReader {
 public:
  enum class Form { list, dictionary };

  StructuredFieldReader(std::string_view text, Form form) : rest_(text), form_(form) {}

  /// Moves to the next member, the first one at first; false after the last, or what is broken.
  bool next();
  /// Of a dictionary's member.
  std::string_view key() const { return key_; }
  const BareItem& item() const { return item_; }

  /// Moves to the next parameter of the member; false after the last, or what is broken.
  bool next_parameter();
  std::string_view parameter_key() const { return parameter_key_; }
  const BareItem& parameter() const { return parameter_; }

  /// Whether the text was read to its end, and there was something to read.
  bool good() const { return good_ && started_ && rest_.empty(); }

 private:
  bool fail();
  bool take(char c);
  void skip_blanks(std::string_view blanks);
  std::string_view take_while(bool (*wanted)(char));
  bool take_separator();
  bool take_key(std::string_view& key);
  bool take_value(BareItem& item);
  bool take_item(BareItem& item);
  bool take_number(BareItem& item);
  bool take_date(BareItem& item);
  bool take_quoted(BareItem& item);
  bool take_bytes(BareItem& item);
  bool take_boolean(BareItem& item);

  std::string_view rest_;
  Form form_;
  bool good_ = true;
  bool started_ = false;
  std::string_view key_;
  BareItem item_;
  std::string_view parameter_key_;
  BareItem parameter_;
};

}  // namespace weir::load
