#include "cli/command.hpp"
#include "cli/version.hpp"

int main(int argc, char** argv) {
  using namespace weir::cli;
  return run_program({add_simulate, add_load, add_verify, add_probe, add_serve, add_sweep,
                      add_report, add_validate, add_schema, add_algorithms, add_documents},
                     build_facts, argc, argv);
}
