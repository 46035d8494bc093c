#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "core/request.hpp"
#include "metrics/fairness.hpp"
#include "metrics/recorder.hpp"
#include "policy/key_indexer.hpp"

namespace weir::sim {

/// Who began how many operations, and how many of them succeeded.
class FairnessRecord {
 public:
  explicit FairnessRecord(policy::KeyIndexer keys) : keys_(std::move(keys)) {}

  void offered(const RequestBlock& block, std::size_t row) { tally_.offered(key(block, row)); }
  void succeeded(const RequestBlock& block, std::size_t row) { tally_.succeeded(key(block, row)); }

  /// A block of operations that end with their admission or denial.
  void add(const RequestBlock& block, std::size_t first, const metrics::BlockDecisions& decisions) {
    indexes_.resize(block.size());
    keys_.index(block, indexes_.data());
    tally_.grow(keys_.size());
    for (std::size_t i = first; i < block.size(); ++i) {
      tally_.offered(indexes_[i]);
      if (decisions.allowed[i] != 0) tally_.succeeded(indexes_[i]);
    }
  }

  void add_to(metrics::FairnessTotals& totals) const { tally_.add_to(totals); }

 private:
  policy::KeyIndex key(const RequestBlock& block, std::size_t row) {
    const policy::KeyIndex key = keys_.index_row(block, row);
    tally_.grow(keys_.size());
    return key;
  }

  policy::KeyIndexer keys_;
  metrics::KeyTally tally_;
  std::vector<policy::KeyIndex> indexes_;
};

}  // namespace weir::sim
