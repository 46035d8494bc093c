#pragma once

#include <cerrno>

#include "load/reply.hpp"

namespace weir::load {

/// What an error number of the system means for the attempt that met it.
constexpr Failure failure_of(int error) {
  switch (error) {
    case ECONNREFUSED:
      return Failure::refused;
    case ECONNRESET:
    case EPIPE:
      return Failure::reset;
    case ETIMEDOUT:
      return Failure::timeout_connect;
    case EHOSTUNREACH:
    case ENETUNREACH:
      return Failure::unreachable;
    case EADDRNOTAVAIL:
      return Failure::no_local_port;
    case EMFILE:
    case ENFILE:
      return Failure::no_file_descriptor;
    default:
      return Failure::other;
  }
}

}  // namespace weir::load
