# complete.fish FOLDER LINE: prints the line with its last word completed, where that is unambiguous.
source $argv[1]/weir.fish
set -l found (complete -C $argv[2] | string split -f 1 \t)
if test (count $found) -eq 1
    echo (string replace -r '[^ ]*$' '' -- $argv[2])$found
end
