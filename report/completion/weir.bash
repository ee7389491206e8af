# bash completion for weir: weir itself knows the candidates.

_weir()
{
        local line=${COMP_LINE:0:COMP_POINT} typed answer
        local -a words

        read -ra words <<<"$line"
        [[ $line == *[[:space:]] ]] && words+=("")
        typed=${words[-1]}
        COMPREPLY=()
        answer=$("${words[0]}" --complete "${words[@]:1}" 2>/dev/null) || return
        case $answer in
        :files)
                [[ $typed == --*=* ]] && typed=${typed#*=}
                compopt -o filenames 2>/dev/null
                mapfile -t COMPREPLY < <(compgen -f -- "$typed")
                ;;
        :command*)
                if declare -F _command_offset >/dev/null; then
                        _command_offset $((${answer#:command } + 1))
                elif [[ ${answer#:command } == $((${#words[@]} - 2)) ]]; then
                        mapfile -t COMPREPLY < <(compgen -c -- "$typed")
                else
                        compopt -o filenames 2>/dev/null
                        mapfile -t COMPREPLY < <(compgen -f -- "$typed")
                fi
                ;;
        ?*)
                mapfile -t COMPREPLY <<<"$answer"
                # readline completes only what is behind the last "=".
                [[ $COMP_WORDBREAKS == *=* && $typed == *=* ]] && COMPREPLY=("${COMPREPLY[@]#"${typed%=*}="}")
                [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
                ;;
        esac
}
complete -F _weir weir
