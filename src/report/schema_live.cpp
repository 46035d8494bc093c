#include "report/schema_live.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;

Json header_totals() {
  return object_of({{"answers", whole("Answers that had headers of the family", "answers")},
                    {"malformed", whole("Those of them in which one was broken", "answers")}});
}

std::vector<Field> audit_fields() {
  return {{"requests", whole("Requests of the audit, which are not part of the load", "requests")},
          {"errors", whole("Those that were neither allowed nor denied", "requests")},
          {"own_keys", whole("Keys that only the audit used", "keys")}};
}

std::vector<Field> optional(std::vector<Field> fields) {
  for (Field& field : fields) field.required = false;
  return fields;
}

Json counts_by_name(const char* description) {
  return by_name(description, whole("How many", "requests"));
}

}  // namespace

std::vector<Field> live_fields() {
  return optional(
      {{"statuses", counts_by_name("Answers by status")},
       {"latency_from_send",
        described(
            "Times from when attempts were handed to a connection, not from when they were due",
            object_of(
                {{"allowed", reference("percentiles", "Of admitted attempts")},
                 {"denied", reference("percentiles", "Of denied attempts")},
                 {"first_byte", reference("percentiles", "To the first byte of any answer")}}))},
       {"schedule",
        described("What was planned and not kept",
                  object_of({{"lateness", reference("percentiles",
                                                    "How much later than due attempts were handed "
                                                    "to a connection")},
                             {"unsent", whole("Attempts that never were, no connection being free "
                                              "within max_lateness",
                                              "requests")},
                             {"resent", whole("Requests sent once more, a kept connection having "
                                              "been closed under them",
                                              "requests")}}))},
       {"connections", whole("Connections that were opened", "connections")},
       {"bodies",
        described("The bodies of answers",
                  object_of({{"bytes", whole("What was read of them", "bytes")},
                             {"cut", whole("Those that were longer than max_body", "answers")}}))},
       {"rate_limit_headers", by_name("By family of headers", header_totals())},
       {"audit", described("The live audit of Retry-After", object_of(audit_fields()))}});
}

std::vector<Field> live_retry_after_fields() {
  return optional(
      {{"malformed", whole("Denials whose Retry-After cannot be believed", "requests")},
       {"kept", whole("Promises at whose instant a request was admitted", "promises")},
       {"broken", whole("Promises at whose instant it was denied again", "promises")},
       {"contested",
        whole("Promises that could not be tested, the key having sent something else", "promises")},
       {"kept_ratio", share("kept / (kept + broken); null if none was tested")}});
}

Json live_target() {
  return object_of({{"url", text("The URL, without secrets")},
                    {"engine", text("What sent the requests: native or libcurl")},
                    {"connections", whole("The most at once", "connections")},
                    {"threads", whole("How many sent", "threads")},
                    {"nonce", text("What stands behind every generated value"), false}});
}

Json live_accumulator() {
  std::vector<Field> audit = audit_fields();
  audit.push_back({"kept", whole("As in retry_after", "promises")});
  audit.push_back({"broken", whole("As in retry_after", "promises")});
  audit.push_back({"contested", whole("As in retry_after", "promises")});
  return object_of({{"statuses", counts_by_name("Answers by status")},
                    {"errors", counts_by_name("Attempts without an answer that counts, by kind")},
                    {"headers", by_name("By family of headers", header_totals())},
                    {"retry_after_malformed", whole("As in retry_after", "requests")},
                    {"audit", described("The live audit of Retry-After", object_of(audit))},
                    {"sent_allowed", reference("histogram", "Latencies from the send")},
                    {"sent_denied", reference("histogram", "Latencies from the send")},
                    {"first_byte", reference("histogram", "To the first byte, from the send")},
                    {"lateness", reference("histogram", "From due to sent")},
                    {"unsent", whole("Never sent", "requests")},
                    {"connections", whole("Opened", "connections")},
                    {"resent", whole("Sent once more", "requests")},
                    {"bodies_cut", whole("Cut off", "answers")},
                    {"body_bytes", whole("Read", "bytes")}});
}

}  // namespace weir::report
