#include "metrics/key_ledger.hpp"

#include <gtest/gtest.h>

namespace weir::metrics {
namespace {

Instant at(std::int64_t ns) { return Instant::from_unix_ns(ns); }

TEST(KeyLedger, ABlockLastsFromTheFirstToTheLastDenialInARow) {
  KeyLedger ledger(2);
  ledger.record(0, at(10), true);
  ledger.record(0, at(20), false);
  ledger.record(0, at(30), false);
  ledger.record(0, at(50), true);
  ledger.record(0, at(60), false);
  ledger.record(0, at(65), false);
  ASSERT_EQ(ledger.denials().size(), 1U);
  EXPECT_EQ(ledger.denials()[0].denied, 4U);
  EXPECT_EQ(ledger.denials()[0].longest_ns, 10);
}

TEST(KeyLedger, ASingleDenialIsNoStretch) {
  KeyLedger ledger(1);
  ledger.record(0, at(5), false);
  ledger.record(0, at(45), true);
  EXPECT_EQ(ledger.denials()[0].longest_ns, 0);
}

TEST(KeyLedger, KnowsWhichKeysItMet) {
  KeyLedger ledger(3);
  ledger.record(1, at(1), true);
  EXPECT_EQ(ledger.met(0), 0U);
  EXPECT_EQ(ledger.met(1), 1U);
  EXPECT_TRUE(ledger.denials().empty());
  ledger.grow(10);
  EXPECT_EQ(ledger.met(9), 0U);
  EXPECT_EQ(ledger.met(1), 1U);
}

}  // namespace
}  // namespace weir::metrics
