# bash completion for jiaoban: verbs, options, agencies, open cases, words of the vocabulary.
# Everything comes from `jiaoban complete`, so that it is that of the installed version.

# Is $1 the first word of verbs of two words ("node", "docket")?
_jiaoban_prefix() {
    local line
    while read -r line; do [[ $line == "$1 "* ]] && return 0; done <<< "$verbs"
    return 1
}

_jiaoban_words() {
    local words
    words=$(jiaoban "${socket[@]}" complete "$@" 2>/dev/null)
    if [[ $words == "@file" ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    else
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
    fi
}

_jiaoban() {
    local cur prev verb="" before=0 i socket=() verbs
    cur=${COMP_WORDS[COMP_CWORD]}
    prev=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()
    verbs=$(jiaoban complete verbs 2>/dev/null)

    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --socket | -s) socket=(--socket "${COMP_WORDS[i + 1]}"); ((i++)) ;;
        --admin | --lang | --wait | -w | --on-behalf-of) ((i++)) ;;
        -* | =) ;;
        *)
            if [[ -z $verb ]]; then
                verb=${COMP_WORDS[i]}
            elif [[ $verb != *" "* && $before == 0 ]] && _jiaoban_prefix "$verb"; then
                verb="$verb ${COMP_WORDS[i]}"
            else
                ((before++))
            fi
            ;;
        esac
    done
    # "--to=x" arrives as three words.
    [[ $cur == "=" ]] && cur=""
    [[ $prev == "=" ]] && prev=${COMP_WORDS[COMP_CWORD - 2]}

    case $prev in
    --lang) mapfile -t COMPREPLY < <(compgen -W "zh en" -- "$cur"); return ;;
    -s) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    --*)
        _jiaoban_words value "${prev#--}" "$verb"
        [[ ${#COMPREPLY[@]} -gt 0 ]] && return ;;
    esac

    if [[ $cur == -* ]]; then
        _jiaoban_words options "$verb"
        COMPREPLY+=($(compgen -W "--help --version" -- "$cur"))
        [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
        return
    fi
    if [[ -z $verb ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(cut -d' ' -f1 <<< "$verbs" | sort -u)" -- "$cur")
    elif [[ $verb != *" "* && $before == 0 ]] && _jiaoban_prefix "$verb"; then
        mapfile -t COMPREPLY < <(
            compgen -W "$(sed -n "s/^$verb //p" <<< "$verbs")" -- "$cur")
    elif [[ $verb == help ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(cut -d' ' -f1 <<< "$verbs" | sort -u)" -- "$cur")
    elif [[ $verb == install && $before == 0 ]]; then
        mapfile -t COMPREPLY < <(compgen -W "policy calendar" -- "$cur")
    else
        _jiaoban_words argument "$before" "$verb"
    fi
}
complete -F _jiaoban jiaoban
