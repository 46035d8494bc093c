# Writes OUTPUT, what `weir --version` says of this build, if it would say anything else than before.
# No date: the same sources, compiler and libraries give the same program.
find_program(git git)
set(commit "")
if(git AND EXISTS ${SOURCE}/.git)
  execute_process(COMMAND ${git} -C ${SOURCE} describe --always --dirty --abbrev=12 --exclude=*
    OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#include \"cli/version.hpp\"

namespace weir::cli {

const BuildFacts build_facts = {\"@commit@\", \"@BUILD_TYPE@\"};

}  // namespace weir::cli
" @ONLY)
