# complete.bash FOLDER LINE: prints the line with its last word completed, where that is unambiguous.
# shellcheck shell=bash
source "$1/weir.bash"
read -ra COMP_WORDS <<<"$2"
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_weir
[ ${#COMPREPLY[@]} -eq 1 ] && echo "${2% *} ${COMPREPLY[0]}"
