#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "scenario/model.hpp"

namespace weir::sweep {

/// A field of the scenario and the values that it takes, each as `--set` would be given it.
struct Varied {
  std::string pointer;
  std::vector<std::string> values;
  /// Below /policy or /policies, so that the traffic stays as it is.
  bool of_policy = false;
  /// Which of /policies, if it is one of these; empty for /policy, or for all of them at once.
  std::string policy;
};

/// Every value of every varied field with every other: the last field changes fastest.
class Grid {
 public:
  /// From the words of --vary, POINTER=VALUES; wrong ones, and more settings than that, are wrong
  /// usage.
  static Result<Grid> make(const std::vector<std::string>& words, std::size_t most_settings);

  const std::vector<Varied>& varied() const { return varied_; }
  std::size_t size() const;
  /// The value of each field in a setting.
  std::vector<std::string> values(std::size_t setting) const;
  std::vector<scenario::Override> overrides(std::size_t setting) const;
  /// "/policy/limits/0/capacity=40 /policy/limits/0/rate=8/s"
  std::string name(std::size_t setting) const;

 private:
  std::vector<Varied> varied_;
};

}  // namespace weir::sweep
