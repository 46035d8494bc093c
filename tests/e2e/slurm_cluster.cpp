#include "e2e/slurm_cluster.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "e2e/load_support.hpp"
#include "support/paths.hpp"

namespace weir::e2e {
namespace {

using std::chrono::milliseconds;

constexpr const char* slurm_programs[] = {"munged", "slurmctld", "slurmd",
                                          "sbatch", "scontrol",  "sinfo"};
/// Starting takes a second where nothing else is done.
constexpr std::chrono::seconds longest_start{20};

std::string machine_name() {
  char name[256] = {};
  gethostname(name, sizeof name - 1);
  const std::string whole = name;
  return whole.substr(0, whole.find('.'));
}

std::string user_name() {
  const passwd* user = getpwuid(geteuid());
  return user == nullptr ? "root" : user->pw_name;
}

/// Of a program that is there.
std::string at(const char* program) { return find_program(program).value_or(program); }

/// Everything on the loopback interface; no cgroups, which a container may not have; schedules as
/// soon as there is anything to do.
constexpr const char* configuration = R"(ClusterName=weir
SlurmctldHost={machine}(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
SlurmUser={user}
SlurmdUser={user}
SlurmctldPort={controller_port}
SlurmdPort={node_port}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MailProg=/bin/true
ReturnToService=2
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=100000,bf_interval=1
NodeName={machine} NodeAddr=127.0.0.1 CPUs=8 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES State=UP
)";

}  // namespace

std::vector<std::string> SlurmCluster::missing_programs() {
  std::vector<std::string> missing;
  for (const char* program : slurm_programs) {
    if (!find_program(program)) missing.emplace_back(program);
  }
  return missing;
}

SlurmCluster::SlurmCluster() {
  for (const char* folder : {"state", "spool"}) {
    std::filesystem::create_directory(folder_.path(folder));
  }
  // Somebody else may have taken a port that was free a moment ago.
  for (int attempt = 0; attempt < 3 && !ready_; ++attempt) {
    write_configuration(free_port(), free_port());
    ready_ = start_munge() && start_daemons();
  }
}

void SlurmCluster::write_configuration(std::uint16_t controller_port, std::uint16_t node_port) {
  folder_.write("cgroup.conf", "CgroupPlugin=cgroup/v1\n");
  folder_.write(
      "slurm.conf",
      fmt::format(configuration, fmt::arg("machine", machine_name()), fmt::arg("user", user_name()),
                  fmt::arg("folder", folder_.path()), fmt::arg("controller_port", controller_port),
                  fmt::arg("node_port", node_port)));
  // Nobody but this cluster is to believe it, so that it need not be a secret.
  folder_.write("munge.key", std::string(128, 'k'));
  chmod(folder_.path("munge.key").c_str(), 0600);
}

bool SlurmCluster::start_munge() {
  if (munge_ && munge_->is_running()) return true;
  munge_ = std::make_unique<Process>(
      std::vector<std::string>{
          at("munged"), "--foreground", "--force", "--socket=" + folder_.path("munge.socket"),
          "--key-file=" + folder_.path("munge.key"), "--pid-file=" + folder_.path("munge.pid"),
          "--seed-file=" + folder_.path("munge.seed")},
      folder_.path("munge.out"));
  for (int i = 0; i < 1000 && munge_->is_running(); ++i) {
    if (std::filesystem::exists(folder_.path("munge.socket"))) return true;
    std::this_thread::sleep_for(milliseconds(10));
  }
  return false;
}

bool SlurmCluster::start_daemons() {
  const auto started = [&](const char* program) {
    return std::make_unique<Process>(
        std::vector<std::string>{at(program), "-D", "-f", folder_.path("slurm.conf")},
        folder_.path(std::string(program) + ".out"));
  };
  node_.reset();
  controller_ = started("slurmctld");
  node_ = started("slurmd");
  const auto until = std::chrono::steady_clock::now() + longest_start;
  while (controller_->is_running() && node_->is_running() &&
         std::chrono::steady_clock::now() < until) {
    if (node_is_idle()) return true;
    std::this_thread::sleep_for(milliseconds(100));
  }
  return false;
}

bool SlurmCluster::node_is_idle() {
  const auto asked = RunningLoad::of_command(command({at("sinfo"), "-h", "-o", "%T"})).wait();
  return asked.exit_code == 0 && asked.out == "idle\n";
}

std::vector<std::string> SlurmCluster::command(const std::vector<std::string>& words) const {
  std::vector<std::string> command = {"/usr/bin/env", "SLURM_CONF=" + folder_.path("slurm.conf"),
                                      std::string("WEIR=") + WEIR_BINARY};
  command.insert(command.end(), words.begin(), words.end());
  return command;
}

std::string SlurmCluster::messages() const {
  std::string text;
  for (const char* name : {"munge.out", "slurmctld.log", "slurmd.log"}) {
    const std::string output = folder_.read(name);
    text += fmt::format("{}:\n{}\n", name,
                        output.substr(output.size() > 3000 ? output.size() - 3000 : 0));
  }
  return text;
}

}  // namespace weir::e2e
