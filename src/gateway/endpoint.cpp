#include "gateway/endpoint.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "core/text.hpp"

namespace weir::gateway {
namespace {

constexpr std::string_view endpoint_forms = "HOST:PORT, :PORT, [ADDRESS]:PORT or unix:/PATH";

tl::unexpected<Error> bad_endpoint(std::string_view text, std::string_view why) {
  return fail(ErrorKind::usage, fmt::format("\"{}\": {}; expected {}", text, why, endpoint_forms));
}

tl::unexpected<Error> cannot_listen(std::string_view where, std::string_view why) {
  return fail(ErrorKind::cannot_run, fmt::format("cannot listen on {}: {}", where, why));
}

std::string shown(const ListenEndpoint& endpoint) {
  const bool is_ipv6 = endpoint.host.find(':') != std::string::npos;
  return fmt::format(fmt::runtime(is_ipv6 ? "[{}]:{}" : "{}:{}"), endpoint.host, endpoint.port);
}

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Result<Addresses> look_up(const ListenEndpoint& endpoint) {
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(endpoint.port);
  const int error = getaddrinfo(endpoint.host.empty() ? nullptr : endpoint.host.c_str(),
                                port.c_str(), &hints, &found);
  if (error != 0) return cannot_listen(shown(endpoint), gai_strerror(error));
  return Addresses(found);
}

/// -1, with errno, if that fails.
int listen_at(const addrinfo& address, bool both_families, int backlog) {
  const int fd = ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int yes = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (address.ai_family == AF_INET6) {
    const int only = both_families ? 0 : 1;
    ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
  }
  if (::bind(fd, address.ai_addr, address.ai_addrlen) == 0 && ::listen(fd, backlog) == 0) return fd;
  const int error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

std::uint16_t port_of(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  }
  return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

/// Removes the file of a Unix socket that nobody listens on; says why it cannot.
std::string remove_stale(const std::string& path, const sockaddr_un& address) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return errno == ENOENT ? "" : std::strerror(errno);
  if (!S_ISSOCK(status.st_mode)) return "there is a file of that name that is no socket";
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = connected == 0 ? 0 : errno;
  ::close(fd);
  if (error != ECONNREFUSED) return "another program listens there";
  return ::unlink(path.c_str()) == 0 ? "" : std::strerror(errno);
}

}  // namespace

Result<ListenEndpoint> parse_listen_endpoint(std::string_view text) {
  ListenEndpoint endpoint;
  if (text.starts_with("unix:")) {
    endpoint.path = text.substr(5);
    if (endpoint.path.empty()) return bad_endpoint(text, "the path is missing");
    if (endpoint.path.size() >= sizeof(sockaddr_un::sun_path)) {
      return bad_endpoint(text, fmt::format("a socket's path has less than {} bytes",
                                            sizeof(sockaddr_un::sun_path)));
    }
    return endpoint;
  }
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos || text.ends_with(']')) return bad_endpoint(text, "the port is missing");
  const std::string_view port_text = text.substr(colon + 1);
  const auto port = parse_integer(port_text);
  if (!port || *port < 0 || *port > 65535 || port_text.starts_with('+')) {
    return bad_endpoint(text, "the port is no number from 0 to 65535");
  }
  endpoint.port = static_cast<std::uint16_t>(*port);
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (host.empty()) return bad_endpoint(text, "the address is missing");
  } else if (host.find_first_of(":[]/ ") != host.npos) {
    return bad_endpoint(text, "that is no host (an IPv6 address stands in brackets)");
  }
  endpoint.host = host == "*" ? "" : host;
  return endpoint;
}

Result<ListeningSocket> ListeningSocket::open(const ListenEndpoint& endpoint, int backlog) {
  return endpoint.path.empty() ? open_tcp(endpoint, backlog) : open_unix(endpoint.path, backlog);
}

Result<ListeningSocket> ListeningSocket::open_tcp(const ListenEndpoint& endpoint, int backlog) {
  const auto addresses = look_up(endpoint);
  if (!addresses) return tl::unexpected(addresses.error());
  const bool everywhere = endpoint.host.empty();
  int error = 0;
  for (const int family : {AF_INET6, AF_INET}) {
    // A name that has both is listened on at its first address, as it is connected to.
    for (const addrinfo* at = addresses->get(); at != nullptr; at = at->ai_next) {
      if (everywhere && at->ai_family != family) continue;
      const int fd = listen_at(*at, everywhere, backlog);
      if (fd >= 0) return ListeningSocket(fd, "", port_of(fd));
      error = errno;
    }
    // Without IPv6 there is IPv4.
    if (!everywhere || error == EADDRINUSE || error == EACCES) break;
  }
  return cannot_listen(shown(endpoint), std::strerror(error));
}

Result<ListeningSocket> ListeningSocket::open_unix(const std::string& path, int backlog) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const std::string stale = remove_stale(path, address);
  if (!stale.empty()) return cannot_listen(path, stale);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return cannot_listen(path, std::strerror(errno));
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      ::listen(fd, backlog) == 0) {
    return ListeningSocket(fd, path, 0);
  }
  const int error = errno;
  ::close(fd);
  return cannot_listen(path, std::strerror(error));
}

void ListeningSocket::close() {
  if (fd_ < 0) return;
  ::close(fd_);
  fd_ = -1;
  if (!path_.empty()) ::unlink(path_.c_str());
}

}  // namespace weir::gateway
