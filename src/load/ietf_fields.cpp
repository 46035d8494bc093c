#include "load/ietf_fields.hpp"

#include "load/rate_limit_values.hpp"
#include "load/structured_field.hpp"

namespace weir::load {
namespace {

constexpr StructuredFieldReader::Form list_form = StructuredFieldReader::Form::list;

std::optional<std::int64_t> amount_of(const BareItem& item) {
  return item.kind == BareItem::Kind::integer ? read_amount(item.text) : std::nullopt;
}

std::optional<Duration> delay_of(const BareItem& item) {
  return item.kind == BareItem::Kind::integer ? read_delay_seconds(item.text) : std::nullopt;
}

template <class T>
bool assign_if_good(std::optional<T>& to, std::optional<T> found) {
  if (found) to = found;
  return found.has_value();
}

/// The two parameters of an item that a draft knows.
struct IetfParameters {
  std::optional<std::int64_t> amount;
  std::optional<Duration> delay;
};

/// Reads the parameters of the reader's member; false where one is malformed.
bool read_parameters(StructuredFieldReader& members, std::string_view amount_key,
                     std::string_view delay_key, IetfParameters& parameters) {
  while (members.next_parameter()) {
    const std::string_view key = members.parameter_key();
    const BareItem& value = members.parameter();
    if (key == amount_key && !assign_if_good(parameters.amount, amount_of(value))) return false;
    if (key == delay_key && !assign_if_good(parameters.delay, delay_of(value))) return false;
  }
  return true;
}

/// Calls `use` with the name and the parameters of each item, until it says that one is malformed;
/// false if it did, or if anything else is.
template <class Use>
bool read_named_items(std::string_view text, std::string_view amount_key,
                      std::string_view delay_key, Use use) {
  StructuredFieldReader members(text, list_form);
  while (members.next()) {
    const BareItem name = members.item();
    // The drafts ask for strings, and have tokens in their own examples.
    const bool has_name = name.kind == BareItem::Kind::string || name.kind == BareItem::Kind::token;
    IetfParameters parameters;
    if (!has_name || !read_parameters(members, amount_key, delay_key, parameters) ||
        !use(name.text, parameters)) {
      return false;
    }
  }
  return members.good();
}

/// Calls `use` with the name and the limit of each policy.
template <class Use>
bool read_named_policies(std::string_view text, Use use) {
  return read_named_items(text, "q", "w", [&](std::string_view name, const IetfParameters& policy) {
    if (policy.amount) use(name, *policy.amount);
    return policy.amount.has_value();
  });
}

}  // namespace

IetfShape ietf_shape(std::string_view text) {
  const char first = text.empty() ? '\0' : text.front();
  if (first == '-' || (first >= '0' && first <= '9')) return IetfShape::numbered;
  if (first == '"') return IetfShape::named;
  const bool letter = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z');
  if (!letter && first != '*') return IetfShape::other;
  const std::size_t end = text.find_first_of("=;,\"");
  return end != std::string_view::npos && text[end] == '=' ? IetfShape::dictionary
                                                           : IetfShape::named;
}

std::optional<IetfLimit> read_ietf_limit(std::string_view text) {
  StructuredFieldReader members(text, list_form);
  std::optional<IetfLimit> field;
  while (members.next()) {
    const std::optional<std::int64_t> amount = amount_of(members.item());
    IetfParameters parameters;
    if (!amount || !read_parameters(members, "", "w", parameters)) return std::nullopt;
    if (field) {
      field->has_policies = true;
    } else {
      field = IetfLimit{*amount, false};
    }
  }
  return members.good() ? field : std::nullopt;
}

std::optional<Quota> read_ietf_dictionary(std::string_view text, const Quota& before) {
  Quota quota = before;
  StructuredFieldReader members(text, StructuredFieldReader::Form::dictionary);
  while (members.next()) {
    const std::string_view key = members.key();
    const BareItem& value = members.item();
    bool good = true;
    if (key == "limit") good = assign_if_good(quota.limit, amount_of(value));
    if (key == "remaining") good = assign_if_good(quota.remaining, amount_of(value));
    if (key == "reset") good = assign_if_good(quota.reset, delay_of(value));
    if (!good) return std::nullopt;
  }
  if (!members.good()) return std::nullopt;
  return quota;
}

std::optional<Quota> read_ietf_service_limits(std::string_view text) {
  Quota tightest;
  const bool good = read_named_items(
      text, "r", "t", [&](std::string_view name, const IetfParameters& parameters) {
        const Quota quota{{}, parameters.amount, parameters.delay, name};
        if (is_tighter(quota, tightest)) tightest = quota;
        return true;
      });
  if (!good) return std::nullopt;
  return tightest;
}

std::optional<Quota> read_ietf_policies(std::string_view text) {
  Quota tightest;
  const bool good = read_named_policies(text, [&](std::string_view name, std::int64_t limit) {
    const Quota quota{limit, {}, {}, name};
    if (is_tighter(quota, tightest)) tightest = quota;
  });
  if (!good) return std::nullopt;
  return tightest;
}

std::optional<std::int64_t> limit_of_ietf_policy(std::string_view text, std::string_view name) {
  std::optional<std::int64_t> found;
  const bool good = read_named_policies(text, [&](std::string_view policy, std::int64_t limit) {
    if (!found && policy == name) found = limit;
  });
  return good ? found : std::nullopt;
}

bool is_ietf_policy_list(std::string_view text) {
  StructuredFieldReader members(text, list_form);
  while (members.next()) {
    IetfParameters parameters;
    if (!amount_of(members.item()) || !read_parameters(members, "", "w", parameters)) return false;
  }
  return members.good();
}

}  // namespace weir::load
