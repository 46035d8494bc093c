#include "gateway/running_server.hpp"

#include <stdexcept>
#include <utility>

namespace weir::gateway {

ServerOptions options_for_test(GatekeeperScript& script, BuiltinAnswerSpec answer) {
  ServerOptions options;
  options.listeners.push_back({ListenEndpoint{.path = "", .host = "127.0.0.1", .port = 0}});
  options.make_gatekeeper = script.factory();
  options.make_backend = builtin_answer(std::move(answer));
  return options;
}

RunningServer::RunningServer(ServerOptions options) {
  auto opened = Server::open(std::move(options));
  if (!opened) throw std::runtime_error(opened.error().message);
  server_ = std::move(*opened);
  thread_ = std::thread([this] { server_->run(); });
}

void RunningServer::stop(Duration grace) {
  if (!thread_.joinable()) return;
  server_->stop(grace);
  thread_.join();
}

}  // namespace weir::gateway
