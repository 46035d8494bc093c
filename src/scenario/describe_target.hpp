#pragma once

#include <string>

#include "scenario/fields.hpp"
#include "scenario/target.hpp"

namespace weir::scenario {

/// {"file": "PATH"} or {"env": "NAME"}.
struct SecretSource {
  std::string file;
  std::string env;
};

template <class V>
void describe(V& v, SecretSource& source) {
  v.optional("file", source.file, Word{},
             "path of a file that has it; a last line break is cut off");
  v.optional("env", source.env, Word{}, "name of an environment variable that has it");
  v.exactly_one({"file", "env"});
}

struct TextSourceCodec {
  using Value = TextSource;
  bool read(const Place& place, TextSource& source) const;
  Json schema(Definitions& definitions) const;
};

/// A header's name; not of those that the engine writes itself.
struct HeaderName {
  using Value = std::string;
  Parsed<std::string> parse(const Json& json) const;
  Json schema() const { return {{"type", "string"}, {"pattern", "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"}}; }
};

struct HeadersCodec {
  using Value = std::map<std::string, TextSource>;
  bool read(const Place& place, Value& headers) const;
  Json schema(Definitions& definitions) const {
    return members_schema(HeaderName{}, TextSourceCodec{}, 0, definitions);
  }
};

/// Where a gateway finds an attribute or a cost; "header:X-User".
struct IdentificationKind {
  using Value = Identification;
  Parsed<Identification> parse(const Json& json) const;
  Json schema() const {
    return {{"type", "string"},
            {"pattern",
             "^(header:.+|query:.+|path:[0-9]+|body:/.*|bearer|api-key|client|answer:/.*|"
             "answer-header:.+|=.*)( or .+)*$"}};
  }
};

/// An absolute http or https URL.
struct TargetUrl {
  using Value = std::string;
  Parsed<std::string> parse(const Json& json) const;
  Json schema() const { return {{"type", "string"}, {"pattern", "^https?://.+$"}}; }
};

struct MethodName {
  using Value = std::string;
  Parsed<std::string> parse(const Json& json) const;
  Json schema() const { return {{"type", "string"}, {"pattern", "^[A-Z]+$"}}; }
};

template <class V>
void describe(V& v, AuditSpec& audit) {
  v.optional("share", audit.share, Number{0.0, 1.0},
             "the share of denials after which a request is sent at the promised instant");
  v.optional("keys", audit.keys, Whole<std::int64_t>{0, 1'000},
             "how many keys of its own it drives to a denial, to ask before the instant as well");
}

inline const Whole<std::int64_t> status_code{100, 599};

template <class V>
void describe(V& v, TargetSpec& target) {
  v.optional("url", target.url, TargetUrl{}, "where requests are sent; may hold {NAME}");
  v.optional("method", target.method, MethodName{}, "GET by default, POST with a body");
  v.optional("headers", target.headers, HeadersCodec{},
             "headers of every request; may hold {NAME}");
  v.optional("body", target.body, TextSourceCodec{}, "the body of every request; may hold {NAME}");
  v.optional("identify", target.identify, MapOf<IdentificationKind>{},
             "where the gateway finds an attribute or a cost: \"header:X-User\", \"query:user\", "
             "\"path:2\", \"body:/model\", \"bearer\", \"api-key\", \"client\" (its address), "
             "\"answer:/usage/total_tokens\"; several with \" or \" between them, \"=free\" is "
             "the text itself");
  v.optional("engine", target.engine,
             Choice<EngineChoice>{{{"auto", EngineChoice::automatic},
                                   {"native", EngineChoice::native},
                                   {"libcurl", EngineChoice::libcurl}}},
             "what sends them: native is HTTP/1.1 without TLS; auto takes it where it can");
  v.optional("http", target.http,
             Choice<HttpVersion>{{{"auto", HttpVersion::automatic},
                                  {"1.1", HttpVersion::http1},
                                  {"2", HttpVersion::http2}}},
             "the version of HTTP");
  v.optional("connections", target.connections, Whole<std::int64_t>{1, 1'000'000},
             "the most connections at once; with HTTP/2, requests, which may share one");
  v.optional("timeout", target.timeout, Time{.min = one_ns}, "how long an exchange may take");
  v.optional("connect_timeout", target.connect_timeout, Time{.min = one_ns},
             "how long connecting may take; within the timeout anyway");
  v.optional("first_byte_timeout", target.first_byte_timeout, Time{.min = one_ns},
             "how long the first byte of an answer may take; within the timeout anyway");
  v.optional("max_lateness", target.max_lateness, Time{},
             "a request that has waited so long for a connection is never sent");
  v.optional("denied", target.denied, ListOf<Whole<std::int64_t>>{status_code, 1, 100},
             "statuses that mean denied; by default those of the policy's algorithms");
  v.optional("allowed", target.allowed, ListOf<Whole<std::int64_t>>{status_code, 0, 100},
             "statuses that mean allowed beside 2xx and 3xx");
  v.optional("audit", target.audit, Object<AuditSpec>{}, "the audit of Retry-After");
  v.optional("max_requests", target.max_requests, Whole<std::int64_t>{1},
             "the run ends once so many were sent");
  v.optional("max_cost", target.max_cost, MapOf<Whole<std::int64_t>>{},
             "by name of the cost: the run ends before its sum would pass this");
  v.optional("max_body", target.max_body, Whole<std::int64_t>{0}, "bytes of a body that are read");
  v.optional("insecure", target.insecure, Flag{}, "believe any certificate");
  v.optional("compressed", target.compressed, Flag{}, "ask for compressed answers");
  v.optional("ca_file", target.ca_file, Word{}, "certificates that are believed");
  v.optional("certificate", target.certificate, Word{}, "the client's own certificate");
  v.optional("private_key", target.private_key, Word{}, "its key");
  v.needs("private_key", {"certificate"});
  v.optional("proxy", target.proxy, Word{}, "URL of a proxy");
  v.optional("unix_socket", target.unix_socket, Word{}, "path of a Unix socket to connect to");
}

}  // namespace weir::scenario
