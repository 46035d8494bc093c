#include "traffic/value_weights.hpp"

#include "core/math.hpp"

namespace weir::traffic {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

}  // namespace

std::uint32_t value_count(const ValueDistribution& distribution) {
  return std::visit(
      Overloaded{
          [](const ConstantValue&) { return std::uint32_t{1}; },
          [](const WeightedValues& d) { return static_cast<std::uint32_t>(d.weights.size()); },
          [](const FileValues& d) { return static_cast<std::uint32_t>(d.values.size()); },
          [](const auto& d) { return static_cast<std::uint32_t>(d.count); }},
      distribution);
}

double value_weight(const ValueDistribution& distribution, std::uint32_t k) {
  if (const auto* zipf = std::get_if<ZipfValues>(&distribution)) {
    return portable_pow(static_cast<double>(k) + 1.0, -zipf->exponent);
  }
  if (const auto* weighted = std::get_if<WeightedValues>(&distribution)) {
    return weighted->weights[k].second;
  }
  return 1.0;
}

bool is_even(const ValueDistribution& distribution) {
  return !std::holds_alternative<ZipfValues>(distribution) &&
         !std::holds_alternative<WeightedValues>(distribution);
}

bool is_generated(const ValueDistribution& distribution) {
  return std::holds_alternative<ZipfValues>(distribution) ||
         std::holds_alternative<UniformValues>(distribution) ||
         std::holds_alternative<SequenceValues>(distribution);
}

const std::string& value_text(const ValueDistribution& distribution, std::uint32_t k) {
  if (const auto* weighted = std::get_if<WeightedValues>(&distribution)) {
    return weighted->weights[k].first;
  }
  if (const auto* file = std::get_if<FileValues>(&distribution)) return file->values[k];
  return std::get<ConstantValue>(distribution).value;
}

}  // namespace weir::traffic
