#pragma once

#include <functional>
#include <memory>

#include "core/result.hpp"
#include "limiter/limiter.hpp"
#include "store/definition.hpp"
#include "store/store.hpp"

namespace weir::store {

struct MemoryOptions {
  limiter::Environment environment;
  /// So many keys of all limits together; a key more is denied, or allowed if `full_allows`.
  std::size_t max_keys = 1'000'000;
  bool full_allows = false;
  /// For so long a request id is known.
  Duration request_id_ttl = Duration::from_seconds(600);
  /// The gateway's clock. Without it keys are forgotten only where new ones come, and nobody waits
  /// for what expires.
  std::function<Instant()> clock = {};
};

/// A store in the memory of this process: exact under any number of threads. Keys are forgotten
/// when their state equals a new one's. `before` is a store made by this function whose states live
/// on in those limits that mean the same (identity_of(), and the same partition); the pointer of a
/// problem is "/NUMBER/PARAMETER" of a limit.
tl::expected<std::unique_ptr<Store>, Problem> make_memory_store(Definition definition,
                                                                const MemoryOptions& options,
                                                                const Store* before = nullptr);

}  // namespace weir::store
