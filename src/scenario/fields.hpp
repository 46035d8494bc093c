#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "scenario/kinds.hpp"
#include "scenario/place.hpp"

namespace weir::scenario {

// An object of the file is described once, by a function template
//
//     template <class V> void describe(V& v, traffic::SineProfile& sine) {
//       v.required("mean", sine.mean, Speed{}, "the rate around which it swings");
//       ...
//     }
//
// which a FieldReader visits to fill the struct from JSON and a FieldSchemas to write its schema.
// A codec reads and describes one field's value: a kind (kinds.hpp), an Object, a list, or a struct
// with `Value`, `bool read(const Place&, Value&)` and `Json schema(Definitions&)`. read() fills in
// what it can and returns whether all of it was right, having reported what was not.

/// The schema's "$defs" so far.
struct Definitions {
  Json schemas = Json::object();
};

/// One of several fields of which an object has exactly one.
template <class Target, class Codec>
struct Alternative {
  std::string_view name;
  Target& target;
  Codec codec;
  std::string_view description;
};

template <class Target, class Codec>
Alternative<Target, Codec> alternative(std::string_view name, Target& target, Codec codec,
                                       std::string_view description) {
  return {name, target, std::move(codec), description};
}

/// A struct whose fields stand beside the tag that selects it.
template <class T>
struct Tagged {
  std::string_view tag;
  std::string_view description;
};

/// Reads a value into a member of the codec's type, of an optional of it, or of a variant with it.
template <class Codec, class Member>
bool read_member(const Codec& codec, const Place& place, Member& member) {
  if constexpr (requires { codec.parse(place.json()); }) {
    auto value = codec.parse(place.json());
    if (value) {
      member = *std::move(value);
    } else {
      place.problem(value.error());
    }
    return value.has_value();
  } else if constexpr (std::is_same_v<Member, typename Codec::Value>) {
    return codec.read(place, member);
  } else {
    typename Codec::Value value{};
    const bool is_right = codec.read(place, value);
    member = std::move(value);
    return is_right;
  }
}

template <class Codec>
Json schema_of(const Codec& codec, Definitions& definitions) {
  if constexpr (requires { codec.schema(definitions); }) {
    return codec.schema(definitions);
  } else {
    return codec.schema();
  }
}

/// Visits a description to fill its struct from an object of the file.
class FieldReader {
 public:
  /// The place must hold an object.
  explicit FieldReader(const Place& place) : place_(place) {}

  template <class Member, class Codec>
  void required(std::string_view name, Member& member, const Codec& codec,
                std::string_view description) {
    optional(name, member, codec, description);
    if (!place_.has(name)) miss(name, description);
  }
  template <class Member, class Codec>
  void optional(std::string_view name, Member& member, const Codec& codec, std::string_view) {
    known_.push_back(name);
    if (place_.has(name) && !read_member(codec, place_.field(name), member)) wrong(name);
  }

  /// Exactly one of the fields has to be there.
  void exactly_one(std::initializer_list<std::string_view> names) { one_of(names); }
  template <class... Target, class... Codec>
  void choose(const Alternative<Target, Codec>&... alternatives) {
    (optional(alternatives.name, alternatives.target, alternatives.codec, ""), ...);
    one_of({alternatives.name...});
  }
  /// The field says nothing without those others.
  void needs(std::string_view name, std::initializer_list<std::string_view> others);
  /// The string `tag` says which of the structs the variant holds.
  template <class Variant, class... T>
  void tagged(std::string_view tag, Variant& variant, std::string_view description,
              const Tagged<T>&... cases) {
    std::string chosen;
    required(tag, chosen, WordOf{{cases.tag...}}, description);
    (read_case(cases, chosen, variant), ...);
    stop_if_wrong();
  }

  /// Something that must hold between fields, each of which is right by itself: a message, told of
  /// the first of them, where it does not.
  template <class Rule>
  void rule(std::initializer_list<std::string_view> names, Rule rule) {
    if (std::any_of(names.begin(), names.end(), [&](auto name) { return is_wrong(name); })) return;
    const std::string message = rule();
    if (message.empty()) return;
    wrong(*names.begin());
    place_.problem_of(*names.begin(), message);
  }
  /// What other fields there may be depends on what was wrong so far: no word about them.
  void stop_if_wrong() { any_field_ = any_field_ || !is_right(); }
  /// The object may have any other fields: which it has is not known.
  void any_other_field() { any_field_ = true; }

  /// The fields described so far.
  const std::vector<std::string_view>& known() const { return known_; }
  /// Reports unknown and missing fields; whether everything was right.
  bool finish();
  /// After finish(): whether everything was right but, perhaps, these fields.
  bool is_right_but_for(const std::vector<std::string_view>& names) const;

 private:
  /// A word that selects what else is read.
  struct WordOf {
    using Value = std::string;
    std::vector<std::string_view> words;
    Parsed<std::string> parse(const Json& json) const { return parse_word(json, words); }
  };
  struct Missing {
    std::vector<std::string_view> names;
    std::string pointer;
    std::string message;
  };

  void wrong(std::string_view name) { wrong_.emplace_back(name); }
  bool is_wrong(std::string_view name) const;
  bool is_right() const { return wrong_.empty(); }
  void miss(std::string_view name, std::string_view description);
  void one_of(std::vector<std::string_view> names);
  std::vector<std::string_view> report_unknown();

  template <class T, class Variant>
  void read_case(const Tagged<T>& the_case, const std::string& chosen, Variant& variant) {
    if (the_case.tag != chosen) return;
    T value{};
    describe(*this, value);
    variant = std::move(value);
  }

  Place place_;
  std::vector<std::string_view> known_;
  std::vector<Missing> missing_;
  /// The names of fields that are not right, unknown or missing; empty for the object itself.
  std::vector<std::string> wrong_;
  bool any_field_ = false;
};

/// Visits a description to write its schema; the struct is a default one, whose values are the
/// defaults.
class FieldSchemas {
 public:
  explicit FieldSchemas(Definitions& definitions) : definitions_(&definitions) {}

  template <class Member, class Codec>
  void required(std::string_view name, Member&, const Codec& codec, std::string_view description) {
    add(name, schema_of(codec, *definitions_), description);
    required_.emplace_back(name);
  }
  template <class Member, class Codec>
  void optional(std::string_view name, Member& member, const Codec& codec,
                std::string_view description) {
    Json schema = schema_of(codec, *definitions_);
    if constexpr (requires { codec.write(member); }) schema["default"] = codec.write(member);
    add(name, std::move(schema), description);
  }

  void exactly_one(std::initializer_list<std::string_view> names) { one_of(names); }
  template <class... Target, class... Codec>
  void choose(const Alternative<Target, Codec>&... alternatives) {
    (add(alternatives.name, schema_of(alternatives.codec, *definitions_), alternatives.description),
     ...);
    one_of({alternatives.name...});
  }
  void needs(std::string_view name, std::initializer_list<std::string_view> others);
  template <class Variant, class... T>
  void tagged(std::string_view tag, Variant&, std::string_view description,
              const Tagged<T>&... cases) {
    add(tag, {{"enum", std::vector<std::string_view>{cases.tag...}}}, description);
    required_.emplace_back(tag);
    (add_tagged(tag, cases), ...);
  }
  /// What else an object has where its field `tag` is `value`.
  void add_case(std::string_view tag, std::string_view value, std::string_view description,
                FieldSchemas fields);

  template <class Rule>
  void rule(std::initializer_list<std::string_view>, Rule) {}
  void stop_if_wrong() {}

  Definitions& definitions() const { return *definitions_; }
  /// The schema of an object with these fields and no others.
  Json finish();

 private:
  struct Case {
    std::string tag, value, description;
    Json properties;
    std::vector<std::string> required;
  };

  void add(std::string_view name, Json schema, std::string_view description);
  void one_of(const std::vector<std::string_view>& names);
  Json conditional(const Case& one) const;

  template <class T>
  void add_tagged(std::string_view tag, const Tagged<T>& the_case) {
    FieldSchemas fields(*definitions_);
    T value{};
    describe(fields, value);
    add_case(tag, the_case.tag, the_case.description, std::move(fields));
  }

  Definitions* definitions_;
  Json properties_ = Json::object();
  std::vector<std::string> required_;
  Json alternatives_ = Json::array();
  Json needs_ = Json::object();
  std::vector<Case> cases_;
};

/// A described struct; in the schema a definition of its own where it has a name.
template <class T>
struct Object {
  using Value = T;
  std::string_view definition = "";

  bool read(const Place& place, T& value) const {
    if (!place.json().is_object()) {
      place.problem("must be an object, got " + show(place.json()));
      return false;
    }
    FieldReader fields(place);
    describe(fields, value);
    return fields.finish();
  }
  Json schema(Definitions& definitions) const {
    if (definition.empty()) return own_schema(definitions);
    const std::string name(definition);
    if (!definitions.schemas.contains(name)) {
      Json own = own_schema(definitions);
      definitions.schemas[name] = std::move(own);
    }
    return {{"$ref", "#/$defs/" + name}};
  }

 private:
  static Json own_schema(Definitions& definitions) {
    FieldSchemas fields(definitions);
    T value{};
    describe(fields, value);
    return fields.finish();
  }
};

/// An array; the list has an element for each of its, right or wrong.
template <class Codec>
struct ListOf {
  using Value = std::vector<typename Codec::Value>;
  Codec codec;
  std::size_t min_items = 0;
  std::size_t max_items = 1'000'000;

  bool read(const Place& place, Value& list) const {
    if (!place.json().is_array()) {
      place.problem("must be an array, got " + show(place.json()));
      return false;
    }
    const std::size_t size = place.json().size();
    bool is_right = size >= min_items && size <= max_items;
    if (!is_right) {
      place.problem(
          fmt::format("must have from {} to {} elements, got {}", min_items, max_items, size));
    }
    for (std::size_t i = 0; i < size; ++i) {
      list.emplace_back();
      is_right = read_member(codec, place.item(i), list.back()) && is_right;
    }
    return is_right;
  }
  Json schema(Definitions& definitions) const {
    Json out = {{"type", "array"}, {"items", schema_of(codec, definitions)}};
    if (min_items > 0) out["minItems"] = min_items;
    out["maxItems"] = max_items;
    return out;
  }
};

/// Reads each member of an object: `read_one(name, place)` says whether it was right.
template <class Key, class ReadOne>
bool read_members(const Place& place, const Key& key, std::size_t min_members, ReadOne read_one) {
  if (!place.json().is_object()) {
    place.problem("must be an object, got " + show(place.json()));
    return false;
  }
  bool is_right = place.json().size() >= min_members;
  if (!is_right) place.problem("must not be empty");
  for (auto member = place.json().begin(); member != place.json().end(); ++member) {
    const Place below(member.value(), place.pointer_of(member.key()), place.reading());
    const Parsed<std::string> name = key.parse(member.key());
    if (!name) below.problem("its name " + name.error());
    is_right = read_one(member.key(), below) && name.has_value() && is_right;
  }
  return is_right;
}

template <class Key, class Codec>
Json members_schema(const Key& key, const Codec& codec, std::size_t min_members,
                    Definitions& definitions) {
  Json out = {{"type", "object"},
              {"propertyNames", key.schema()},
              {"additionalProperties", schema_of(codec, definitions)}};
  if (min_members > 0) out["minProperties"] = min_members;
  return out;
}

/// An object whose members are named things, in their order.
template <class Codec>
struct NamedList {
  using Value = std::vector<typename Codec::Value>;
  Codec codec;
  std::size_t min_members = 0;

  bool read(const Place& place, Value& list) const {
    return read_members(place, PlainName{}, min_members,
                        [&](const std::string& name, const Place& member) {
                          list.emplace_back().name = name;
                          return codec.read(member, list.back());
                        });
  }
  Json schema(Definitions& definitions) const {
    return members_schema(PlainName{}, codec, min_members, definitions);
  }
};

/// An object whose members' names are keys.
template <class Codec>
struct MapOf {
  using Value = std::map<std::string, typename Codec::Value>;
  Codec codec;

  bool read(const Place& place, Value& map) const {
    return read_members(place, Word{}, 0, [&](const std::string& name, const Place& member) {
      return read_member(codec, member, map[name]);
    });
  }
  Json schema(Definitions& definitions) const {
    return members_schema(Word{}, codec, 0, definitions);
  }
};

}  // namespace weir::scenario
