#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "e2e/program.hpp"

namespace weir::e2e {

/// A Slurm cluster of one node on free ports of this machine: its controller, its node and munge,
/// with keys and states of their own; all are stopped when this goes.
class SlurmCluster {
 public:
  /// Those of its programs that are not installed; nothing can be started without them.
  static std::vector<std::string> missing_programs();

  /// Starts everything and waits until the node takes jobs.
  SlurmCluster();

  bool is_ready() const { return ready_; }
  /// A command line as a user of the cluster gives it, with WEIR set to the built program.
  std::vector<std::string> command(const std::vector<std::string>& words) const;
  /// What its programs wrote last, for who has to find out why a test failed.
  std::string messages() const;

 private:
  void write_configuration(std::uint16_t controller_port, std::uint16_t node_port);
  bool start_munge();
  bool start_daemons();
  bool node_is_idle();

  TemporaryFolder folder_;
  bool ready_ = false;
  /// Stopped in the opposite order: who is asked last goes last.
  std::unique_ptr<Process> munge_, controller_, node_;
};

}  // namespace weir::e2e
