# complete.zsh FOLDER LINE: prints the line as the tab key leaves it, in a zsh of its own on a
# terminal of its own.
zmodload zsh/zpty
zpty child "zsh -f -i"
send() { zpty -w child "$1" }
send "PS1= PROMPT= RPROMPT=; unsetopt zle_bracketed_paste 2>/dev/null; stty -echo"
send "fpath=(${(q)1} \$fpath); autoload -U compinit; compinit -u -D; setopt no_always_last_prompt"
send "show() { print -r -- \"<<\$BUFFER>>\"; }; zle -N show; bindkey '^X' show; bindkey '^I' expand-or-complete"
send "print re''ady"
zpty -r child seen '*ready*'
zpty -w -n child "$2"$'\t\x18'
zpty -r child seen '*<<*>>*'
seen=${${seen##*<<}%%>>*}
# A name with blanks is quoted, and what is complete has a blank or an equals sign behind it.
print -r -- ${${${seen//\\ / }% }%=}
zpty -d child
