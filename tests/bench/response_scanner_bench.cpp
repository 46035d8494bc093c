#include "load/response_scanner.hpp"

#include <benchmark/benchmark.h>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdint>
#include <string>

#include "load/rate_limit_headers.hpp"

namespace weir::load {
namespace {

const std::string& benched_response(std::int64_t number) {
  static const std::string responses[] = {
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
      "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Mon, 17 May 2015 10:05:03 GMT\r\n"
      "Content-Type: text/html\r\nContent-Length: 612\r\nLast-Modified: Tue, 13 Jun 2023 15:08:10 "
      "GMT\r\nConnection: keep-alive\r\nETag: \"6488865a-264\"\r\nAccept-Ranges: bytes\r\n\r\n" +
          std::string(612, '.'),
      "HTTP/1.1 429 Too Many Requests\r\nServer: nginx/1.22.1\r\nDate: Mon, 17 May 2015 10:05:03 "
      "GMT\r\nContent-Type: application/json\r\nContent-Length: 40\r\nConnection: keep-alive\r\n"
      "Retry-After: 17\r\nX-RateLimit-Limit: 100\r\nX-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: "
      "1700000000\r\nVary: Origin\r\n\r\n" +
          std::string(40, '.')};
  return responses[number];
}

void read_by_scanner(benchmark::State& state) {
  const std::string& response = benched_response(state.range(0));
  ResponseScanner scanner(RateLimitHeaders::wants);
  for ([[maybe_unused]] auto _ : state) {
    scanner.begin(false);
    scanner.feed(response);
    if (!scanner.keeps_alive()) state.SkipWithError("not read to its end");
    for (std::size_t i = 0; i < scanner.header_count(); ++i) {
      benchmark::DoNotOptimize(scanner.header(i));
    }
  }
}
BENCHMARK(read_by_scanner)->DenseRange(0, 2);

void read_by_beast(benchmark::State& state) {
  const std::string& response = benched_response(state.range(0));
  for ([[maybe_unused]] auto _ : state) {
    boost::beast::http::response_parser<boost::beast::http::string_body> parser;
    parser.eager(true);
    boost::beast::error_code error;
    parser.put(boost::asio::buffer(response), error);
    if (!parser.is_done()) state.SkipWithError("not read to its end");
    benchmark::DoNotOptimize(parser.get());
  }
}
BENCHMARK(read_by_beast)->DenseRange(0, 2);

}  // namespace
}  // namespace weir::load
