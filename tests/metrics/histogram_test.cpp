#include "metrics/histogram.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <openssl/evp.h>
#include <cmath>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "core/math.hpp"
#include "core/random.hpp"
#include "support/int64.hpp"

namespace weir::metrics {
namespace {

using testing::HasSubstr;

Histogram histogram_of(const std::vector<std::int64_t>& values) {
  Histogram histogram;
  for (const std::int64_t value : values) histogram.record(value);
  return histogram;
}

/// Values of every size up to 2^62.
std::vector<std::int64_t> some_values(std::uint64_t seed, std::size_t count) {
  RandomSequence random{RandomStream(seed)};
  std::vector<std::int64_t> values(count);
  for (std::int64_t& value : values) {
    value = static_cast<std::int64_t>(random.bits() >> (2 + random.below(62)));
  }
  return values;
}

Parsed<Histogram> round_trip(const Histogram& histogram) {
  return Histogram::decode_base64(histogram.encode_base64(), histogram.summary());
}

std::string base64(const std::string& bytes) {
  std::string text(bytes.size() * 2 + 4, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::string bytes_of_hex(std::string_view hex) {
  std::string bytes;
  std::string digits;
  for (const char c : hex) {
    if (c == ' ') continue;
    digits += c;
    if (digits.size() < 2) continue;
    bytes += static_cast<char>(std::stoi(digits, nullptr, 16));
    digits.clear();
  }
  return bytes;
}

// ---- Recording.

TEST(Histogram, IsNothingWhileEmpty) {
  const Histogram empty;
  EXPECT_EQ(empty.count(), 0);
  EXPECT_EQ(empty.min(), 0);
  EXPECT_EQ(empty.max(), 0);
  EXPECT_EQ(empty.mean(), 0);
  EXPECT_EQ(empty.percentile(0), 0);
  EXPECT_EQ(empty.percentile(1'000'000), 0);
  EXPECT_EQ(empty, Histogram());
}

TEST(Histogram, KnowsOneValueExactly) {
  for (const std::int64_t value : {std::int64_t{0}, std::int64_t{1}, std::int64_t{2'049},
                                   std::int64_t{123'456'789}, std::int64_t{1} << 62, int64_max}) {
    const Histogram one = histogram_of({value});
    EXPECT_EQ(one.count(), 1);
    EXPECT_EQ(one.min(), value);
    EXPECT_EQ(one.max(), value);
    EXPECT_EQ(one.mean(), value);
    for (const std::uint32_t ppm : {0U, 1U, 500'000U, 999'999U, 1'000'000U}) {
      EXPECT_EQ(one.percentile(ppm), value) << ppm;
    }
  }
}

TEST(Histogram, CountsNegativeValuesAsZero) {
  const Histogram histogram = histogram_of({-1, std::numeric_limits<std::int64_t>::min(), 4});
  EXPECT_EQ(histogram, histogram_of({0, 0, 4}));
}

TEST(Histogram, RecordsManyAtOnce) {
  Histogram at_once;
  at_once.record_n(1'000'000, 5);
  at_once.record_n(3, 2);
  at_once.record_n(int64_max, 0);
  EXPECT_EQ(at_once, histogram_of({1'000'000, 1'000'000, 1'000'000, 1'000'000, 1'000'000, 3, 3}));
}

TEST(Histogram, HasAnExactMean) {
  EXPECT_EQ(histogram_of({1, 2, 4}).mean(), 2);
  EXPECT_EQ(histogram_of({1'000'001, 1'000'004}).mean(), 1'000'002);
  Histogram large;
  large.record_n(int64_max, 1'000'000'000);
  large.record_n(int64_max - 2, 1'000'000'000);
  EXPECT_EQ(large.mean(), int64_max - 1);
}

TEST(Histogram, IsExactBelow2048) {
  Histogram histogram;
  for (std::int64_t value = 0; value < 2'048; ++value) histogram.record(value);
  for (std::int64_t value = 0; value < 2'048; ++value) {
    // The smallest share of the records that reaches that value.
    const auto ppm = static_cast<std::uint32_t>((value + 1) * 1'000'000 / 2'048);
    ASSERT_EQ(histogram.percentile(ppm), value);
  }
}

TEST(Histogram, PutsEqualStepsIntoEachBucket) {
  const auto highest_beside = [](std::int64_t value) {
    return histogram_of({value, int64_max}).percentile(500'000);
  };
  EXPECT_EQ(highest_beside(2'047), 2'047);
  EXPECT_EQ(highest_beside(2'048), 2'049);
  EXPECT_EQ(highest_beside(2'049), 2'049);
  EXPECT_EQ(highest_beside(2'050), 2'051);
  EXPECT_EQ(highest_beside(4'095), 4'095);
  EXPECT_EQ(highest_beside(4'096), 4'099);
  EXPECT_EQ(highest_beside(1'000'000), 1'000'447);
  EXPECT_EQ(highest_beside(std::int64_t{1} << 62), (std::int64_t{1} << 62) + (1LL << 52) - 1);
}

TEST(Histogram, RoundsUpByLessThanAThousandth) {
  for (const std::int64_t value : some_values(1, 500)) {
    const std::int64_t reported = histogram_of({value, int64_max}).percentile(500'000);
    ASSERT_GE(reported, value);
    ASSERT_LE(reported - value, value / 1'000);
  }
}

// ---- Percentiles.

/// The exact percentile by its definition, over sorted values.
std::int64_t exact_percentile(const std::vector<std::int64_t>& sorted, std::uint64_t ppm) {
  const std::uint64_t rank = (sorted.size() * ppm + 999'999) / 1'000'000;
  return sorted[rank == 0 ? 0 : rank - 1];
}

struct Distribution {
  const char* name;
  std::function<double(double)> of_uniform;
};

class HistogramPercentile : public testing::TestWithParam<Distribution> {};

TEST_P(HistogramPercentile, IsWithinAThousandthOfTheExactOne) {
  RandomSequence random(RandomStream(2));
  std::vector<std::int64_t> values(1'000'000);
  for (std::int64_t& value : values) {
    value = static_cast<std::int64_t>(GetParam().of_uniform(random.uniform()));
  }
  const Histogram histogram = histogram_of(values);
  std::sort(values.begin(), values.end());
  for (const std::uint32_t ppm : {0U, 1U, 10U, 1'000U, 10'000U, 250'000U, 500'000U, 750'000U,
                                  900'000U, 950'000U, 990'000U, 999'000U, 999'999U, 1'000'000U}) {
    const std::int64_t exact = exact_percentile(values, ppm);
    EXPECT_GE(histogram.percentile(ppm), exact) << ppm;
    EXPECT_LE(histogram.percentile(ppm) - exact, exact / 1'000) << ppm;
  }
  EXPECT_EQ(histogram.percentile(0), values.front());
  EXPECT_EQ(histogram.percentile(1'000'000), values.back());
}

INSTANTIATE_TEST_SUITE_P(
    Distributions, HistogramPercentile,
    testing::Values(Distribution{"uniform", [](double u) { return u * 1e9; }},
                    Distribution{"exponential", [](double u) { return -2e7 * portable_log(u); }},
                    Distribution{"heavy_tail", [](double u) { return 1e3 / portable_pow(u, 2.0); }},
                    Distribution{"small", [](double u) { return u * u * 50.0; }},
                    Distribution{"two_peaks", [](double u) { return u < 0.9 ? 1e6 + u : 4e10; }}),
    [](const testing::TestParamInfo<Distribution>& test) { return test.param.name; });

TEST(Histogram, TakesThePercentileThatEnoughRecordsDoNotExceed) {
  const Histogram histogram = histogram_of({10, 20, 30, 40});
  EXPECT_EQ(histogram.percentile(0), 10);
  EXPECT_EQ(histogram.percentile(250'000), 10);
  EXPECT_EQ(histogram.percentile(250'001), 20);
  EXPECT_EQ(histogram.percentile(500'000), 20);
  EXPECT_EQ(histogram.percentile(750'001), 40);
  EXPECT_EQ(histogram.percentile(1'000'000), 40);
  EXPECT_EQ(histogram.percentile(4'000'000'000), 40);
}

// ---- Merging.

TEST(HistogramMerge, IsAddingInAnyOrder) {
  const std::vector<std::int64_t> a = some_values(3, 1'000);
  const std::vector<std::int64_t> b = {0, 5, 2'000};
  const std::vector<std::int64_t> c = some_values(4, 10);
  std::vector<std::int64_t> everything = a;
  everything.insert(everything.end(), b.begin(), b.end());
  everything.insert(everything.end(), c.begin(), c.end());
  const Histogram expected = histogram_of(everything);

  std::vector<Histogram> parts{histogram_of(a), histogram_of(b), histogram_of(c), Histogram()};
  std::vector<std::size_t> order{0, 1, 2, 3};
  do {
    Histogram sum;
    for (const std::size_t i : order) sum.merge(parts[i]);
    EXPECT_EQ(sum, expected);
    EXPECT_EQ(sum.summary(), expected.summary());
  } while (std::next_permutation(order.begin(), order.end()));
  Histogram inner = parts[1];
  inner.merge(parts[2]);
  parts[0].merge(inner);
  EXPECT_EQ(parts[0], expected);
}

TEST(HistogramMerge, TellsApartWhatWasRecorded) {
  Histogram sum = histogram_of({5});
  sum.merge(Histogram());
  EXPECT_EQ(sum, histogram_of({5}));
  sum.merge(histogram_of({6}));
  EXPECT_NE(sum, histogram_of({5}));
  // The same counters, but not the same sum.
  EXPECT_NE(histogram_of({2'048}), histogram_of({2'049}));
}

// ---- The encoding.

constexpr std::string_view header_up_to_2047 = "0000000000000001 00000000000007ff 3ff0000000000000";

TEST(HistogramEncoding, IsThatOfHdrHistogram) {
  // 0 twice, 3 and 5 once: 2, two zeros, 1, one zero, 1; by ZigZag 4, 3, 2, 0, 2.
  const std::string small = bytes_of_hex("1c849313 00000005 00000000 00000003 " +
                                         std::string(header_up_to_2047) + "04 03 02 00 02");
  EXPECT_EQ(histogram_of({0, 0, 3, 5}).encode_base64(), base64(small));
  EXPECT_EQ(base64(small), "HISTEwAAAAUAAAAAAAAAAwAAAAAAAAABAAAAAAAAB/8/8AAAAAAAAAQDAgAC");

  // A million has 20 bits: bucket 9, sub-bucket 1953, counter 9 * 1024 + 1953. So many zeros
  // before it are 22337 by ZigZag, which is c1 ae 01 in groups of seven bits.
  const std::string large = bytes_of_hex(
      "1c849313 00000004 00000000 00000003 "
      "0000000000000001 00000000000fffff 3ff0000000000000 c1 ae 01 02");
  EXPECT_EQ(histogram_of({1'000'000}).encode_base64(), base64(large));

  const std::string empty =
      bytes_of_hex("1c849313 00000001 00000000 00000003 " + std::string(header_up_to_2047) + "00");
  EXPECT_EQ(Histogram().encode_base64(), base64(empty));
}

TEST(HistogramEncoding, IsReadBackExactly) {
  EXPECT_EQ(round_trip(Histogram()), Histogram());
  EXPECT_EQ(round_trip(histogram_of({0})), histogram_of({0}));
  EXPECT_EQ(round_trip(histogram_of({int64_max})), histogram_of({int64_max}));
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Histogram histogram = histogram_of(some_values(seed, 1 + seed * seed));
    const Parsed<Histogram> back = round_trip(histogram);
    ASSERT_TRUE(back.has_value()) << back.error();
    EXPECT_EQ(*back, histogram);
    EXPECT_EQ(back->summary(), histogram.summary());
  }
}

TEST(HistogramEncoding, HoldsCountsOfEverySize) {
  for (int bit = 0; bit < 63; ++bit) {
    const std::uint64_t power = std::uint64_t{1} << bit;
    for (const std::uint64_t count : {power, power - 1}) {
      Histogram histogram;
      histogram.record_n(7, count);
      EXPECT_EQ(round_trip(histogram), histogram) << count;
    }
  }
  Histogram most;
  most.record_n(7, static_cast<std::uint64_t>(int64_max));
  EXPECT_EQ(round_trip(most), most);
}

TEST(HistogramEncoding, CarriesASumAbove64Bits) {
  Histogram histogram;
  histogram.record_n(int64_max, 6);
  const Histogram::Summary summary = histogram.summary();
  EXPECT_EQ(summary.sum_high, 2);
  EXPECT_EQ(summary.sum_low, ~std::uint64_t{0} - 5);
  EXPECT_EQ(round_trip(histogram), histogram);
}

// ---- Reading what others wrote.

std::string decoding_error(const std::string& bytes, const Histogram::Summary& summary) {
  const Parsed<Histogram> histogram = Histogram::decode_base64(base64(bytes), summary);
  return histogram ? "" : histogram.error();
}

const Histogram::Summary small_summary{.min = 0, .max = 5, .sum_high = 0, .sum_low = 8};

std::string small_bytes(std::string_view payload = "04 03 02 00 02") {
  const std::string counts = bytes_of_hex(payload);
  std::string bytes =
      bytes_of_hex("1c849313 00000000 00000000 00000003 " + std::string(header_up_to_2047));
  bytes[7] = static_cast<char>(counts.size());
  return bytes + counts;
}

TEST(HistogramDecoding, TakesOtherFormsOfTheSameCounts) {
  const Histogram expected = histogram_of({0, 0, 3, 5});
  const auto decoded = [](const std::string& bytes) {
    return Histogram::decode_base64(base64(bytes), small_summary);
  };
  EXPECT_EQ(decoded(small_bytes()), expected);
  // Zeros one by one, zeros at the end, a count of more bytes than it needs.
  EXPECT_EQ(decoded(small_bytes("04 00 00 02 01 02")), expected);
  EXPECT_EQ(decoded(small_bytes("04 03 02 00 02 03 00")), expected);
  EXPECT_EQ(decoded(small_bytes("84 80 80 80 80 80 80 80 00 03 02 00 02")), expected);
  // What HdrHistogram for Java writes before it has grown: it can count 2047 all the same.
  std::string highest_two = small_bytes();
  highest_two.replace(24, 8, bytes_of_hex("0000000000000002"));
  EXPECT_EQ(decoded(highest_two), expected);
}

TEST(HistogramDecoding, RefusesWhatIsNotBase64) {
  const std::string good = base64(small_bytes());
  ASSERT_TRUE(Histogram::decode_base64(good, small_summary).has_value());
  for (const std::string& text : std::vector<std::string>{
           good.substr(1), good + "=", good + "====", "====", " " + good, good + "\n", "=" + good,
           good.substr(0, 8) + "==" + good.substr(10), good.substr(0, 8) + "-" + good.substr(9),
           good.substr(0, 8) + "\xff" + good.substr(9), good.substr(0, 59) + "===="}) {
    const Parsed<Histogram> histogram = Histogram::decode_base64(text, small_summary);
    ASSERT_FALSE(histogram.has_value()) << text;
    EXPECT_THAT(histogram.error(), HasSubstr("base64")) << text;
  }
  EXPECT_THAT(Histogram::decode_base64(std::string(10'000'000, 'A'), {}).error(),
              HasSubstr("too long"));
  EXPECT_FALSE(Histogram::decode_base64("", {}).has_value());
}

TEST(HistogramDecoding, RefusesEveryShorterText) {
  const std::string bytes = small_bytes();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_NE(decoding_error(bytes.substr(0, size), small_summary), "") << size;
  }
  EXPECT_NE(decoding_error(bytes + '\0', small_summary), "");
}

TEST(HistogramDecoding, RefusesOtherLayouts) {
  const auto error_with = [](std::size_t at, const char* hex) {
    const std::string field = bytes_of_hex(hex);
    return decoding_error(small_bytes().replace(at, field.size(), field), small_summary);
  };
  // The older encodings, the compressed one, and no histogram at all.
  for (const char* cookie : {"1c849308", "1c849301", "1c849302", "1c849314", "00000000"}) {
    EXPECT_THAT(error_with(0, cookie), HasSubstr("must begin with 0x1c849313")) << cookie;
  }
  EXPECT_THAT(error_with(4, "00000004"), HasSubstr("announces 4 bytes of counts, here are 5"));
  EXPECT_THAT(error_with(4, "ffffffff"), HasSubstr("announces 4294967295 bytes"));
  EXPECT_THAT(error_with(8, "00000001"), HasSubstr("index offset"));
  EXPECT_THAT(error_with(12, "00000002"), HasSubstr("3 significant digits from 1, has 2 from 1"));
  EXPECT_THAT(error_with(16, "00000000000003e8"), HasSubstr("has 3 from 1000"));
  EXPECT_THAT(error_with(24, "0000000000000001"), HasSubstr("highest trackable value"));
  EXPECT_THAT(error_with(24, "8000000000000000"), HasSubstr("highest trackable value"));
  EXPECT_THAT(error_with(32, "4000000000000000"), HasSubstr("conversion ratio"));
}

TEST(HistogramDecoding, RefusesCountsThatCannotBe) {
  const auto error_of = [](std::string_view payload) {
    return decoding_error(small_bytes(payload), small_summary);
  };
  EXPECT_THAT(error_of("04 03 02 00 82"), HasSubstr("ends within a count"));
  EXPECT_THAT(error_of("80 80 80 80 80 80 80 80"), HasSubstr("ends within a count"));
  // 2048 zeros fill all that a highest value of 2047 needs; a count after them is one too many.
  EXPECT_THAT(error_of("ff 1f 02"), HasSubstr("more counts than its highest value allows"));
  EXPECT_THAT(error_of("81 20"), HasSubstr("more counts than its highest value allows"));
  // The longest run of zeros that nine bytes can say, 2^63.
  EXPECT_THAT(error_of("ff ff ff ff ff ff ff ff ff"), HasSubstr("more counts"));
  // 2^62 twice.
  EXPECT_THAT(error_of("80 80 80 80 80 80 80 80 80 80 80 80 80 80 80 80 80 80"),
              HasSubstr("2^63 records"));
}

TEST(HistogramDecoding, RefusesASummaryThatContradictsTheCounts) {
  const auto error_with = [](const Histogram::Summary& summary) {
    return decoding_error(small_bytes(), summary);
  };
  EXPECT_EQ(error_with(small_summary), "");
  EXPECT_THAT(error_with({.min = 1, .max = 5, .sum_high = 0, .sum_low = 8}), HasSubstr("min is 1"));
  EXPECT_THAT(error_with({.min = -1, .max = 5, .sum_high = 0, .sum_low = 8}), HasSubstr("min is"));
  EXPECT_THAT(error_with({.min = 0, .max = 4, .sum_high = 0, .sum_low = 8}), HasSubstr("max is 4"));
  EXPECT_THAT(error_with({.min = 0, .max = -5, .sum_high = 0, .sum_low = 8}), HasSubstr("max is"));
  EXPECT_THAT(error_with({.min = 0, .max = 5, .sum_high = 0, .sum_low = 9}), HasSubstr("sum"));
  EXPECT_THAT(error_with({.min = 0, .max = 5, .sum_high = 0, .sum_low = 7}), HasSubstr("sum"));
  EXPECT_THAT(error_with({.min = 0, .max = 5, .sum_high = 1, .sum_low = 8}), HasSubstr("sum"));
  EXPECT_THAT(error_with({.min = 0, .max = 5, .sum_high = -1, .sum_low = 8}), HasSubstr("sum"));

  const std::string empty = Histogram().encode_base64();
  EXPECT_TRUE(Histogram::decode_base64(empty, {}).has_value());
  EXPECT_THAT(Histogram::decode_base64(empty, small_summary).error(), HasSubstr("must be 0"));

  const Histogram pair = histogram_of({2'048, 4'096});
  Histogram::Summary summary = pair.summary();
  summary.min = 2'049;
  summary.sum_low += 1;
  EXPECT_TRUE(Histogram::decode_base64(pair.encode_base64(), summary).has_value());
  summary.min = 2'050;
  EXPECT_FALSE(Histogram::decode_base64(pair.encode_base64(), summary).has_value());
}

TEST(HistogramDecoding, SurvivesRandomDamage) {
  RandomSequence random(RandomStream(5));
  const Histogram histogram = histogram_of({0, 3, 3, 5, 700, 2'048, 40'000, 1'000'000});
  const std::string good = histogram.encode_base64();
  int refused = 0;
  for (int i = 0; i < 3'000; ++i) {
    std::string text = good;
    for (std::uint64_t n = 1 + random.below(3); n > 0; --n) {
      constexpr std::string_view letters = "ABCMNZabcmnz0189+/";
      text[random.below(text.size())] = letters[random.below(letters.size())];
    }
    const Parsed<Histogram> damaged = Histogram::decode_base64(text, histogram.summary());
    if (!damaged) {
      ++refused;
      continue;
    }
    ASSERT_EQ(round_trip(*damaged), *damaged);
  }
  EXPECT_GT(refused, 1'500);
}

TEST(Histogram, PercentilesOfAMillionAreWithinAThousandthOfTheExactOnes) {
  // From a microsecond to a quarter of an hour, as likely on a logarithmic scale.
  const RandomStream random(11);
  std::vector<std::int64_t> values;
  Histogram histogram;
  for (std::uint64_t i = 0; i < 1'000'000; ++i) {
    values.push_back(static_cast<std::int64_t>(1'000.0 * std::exp2(random.uniform(i) * 30.0)));
    histogram.record(values.back());
  }
  std::sort(values.begin(), values.end());
  for (const std::uint32_t ppm :
       {1U, 1'000U, 500'000U, 750'000U, 900'000U, 990'000U, 999'000U, 999'999U, 1'000'000U}) {
    const std::int64_t exact = values[ppm == 1'000'000U ? ppm - 1 : std::max(ppm, 1U) - 1];
    const auto error = static_cast<double>(histogram.percentile(ppm) - exact);
    EXPECT_GE(error, 0.0) << ppm;
    EXPECT_LE(error, static_cast<double>(exact) / 1'000.0) << ppm;
  }
}

}  // namespace
}  // namespace weir::metrics
