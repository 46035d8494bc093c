#include "probe/told_truth.hpp"

#include <gtest/gtest.h>

namespace weir::probe {
namespace {

constexpr Duration told_second = Duration::from_seconds(1);

LiveTarget::Record record_at(Duration at, bool allowed, ValueId key, std::int64_t retry_after = 0) {
  LiveTarget::Record record;
  record.values = {key, 7};
  record.sent = Instant::from_unix_seconds(1'000) + at;
  record.first_byte = record.ended = record.sent + Duration::from_ms(1);
  record.allowed = allowed;
  record.status = allowed ? 200 : 429;
  if (retry_after > 0) {
    record.reading.retry_after = {load::AdvertisedWait::Kind::good, told_second * retry_after};
  }
  return record;
}

TEST(Returns, CountThoseThatComeWhenTheyWereTold) {
  std::vector<LiveTarget::Record> records = {
      record_at(Duration(), false, 1, 2),
      record_at(Duration(), false, 2, 2),
      record_at(told_second, false, 1, 2),  // too early, and promised again
      record_at(told_second * 2 + Duration::from_ms(5), false, 2, 1),
      record_at(told_second * 3 + Duration::from_ms(5), true, 1),
      record_at(told_second * 9, true, 2)};  // too late to say anything
  Returns returns = count_returns(records, {0});
  EXPECT_EQ(returns.kept, 1U);
  EXPECT_EQ(returns.broken, 1U);
  // Were it one limit for all, others came between.
  returns = count_returns(records, {});
  EXPECT_EQ(returns.kept, 0U);
}

TEST(Returns, DoNotCountWhatNobodyKnows) {
  std::vector<LiveTarget::Record> records = {
      record_at(Duration(), false, 1, 1), record_at(told_second + Duration::from_ms(9), true, 1)};
  EXPECT_EQ(count_returns(records, {0}).kept, 1U);
  records[1].allowed.reset();
  EXPECT_EQ(count_returns(records, {0}).kept, 0U);
}

}  // namespace
}  // namespace weir::probe
