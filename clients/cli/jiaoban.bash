# bash completion for jiaoban: verbs, options, agencies, open cases.
# The words come from `jiaoban complete`, so that they are those of the installed version.

_jiaoban() {
    local cur prev verb="" words_before i socket=()
    cur=${COMP_WORDS[COMP_CWORD]}
    prev=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()

    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --socket | -s) socket=(--socket "${COMP_WORDS[i + 1]}"); ((i++)) ;;
        --admin | --lang | --wait | -w | --on-behalf-of) ((i++)) ;;
        -* | =) ;;
        *)
            if [[ -z $verb ]]; then
                verb=${COMP_WORDS[i]}
                words_before=0
            elif [[ $verb == node && $words_before == 0 ]]; then
                verb="node ${COMP_WORDS[i]}"
            else
                ((words_before++))
            fi
            ;;
        esac
    done
    # "--to=x" arrives as three words.
    [[ $cur == "=" ]] && cur=""
    [[ $prev == "=" ]] && prev=${COMP_WORDS[COMP_CWORD - 2]}

    case $prev in
    --to | --co | --holder | --registrar | --parent | --successor)
        mapfile -t COMPREPLY < <(compgen -W "$(jiaoban "${socket[@]}" complete agencies 2>/dev/null)" -- "$cur")
        return ;;
    --lang) mapfile -t COMPREPLY < <(compgen -W "zh en" -- "$cur"); return ;;
    --light) mapfile -t COMPREPLY < <(compgen -W "red yellow green done" -- "$cur"); return ;;
    --stage) mapfile -t COMPREPLY < <(compgen -W "registered sent signed accepted declined answered referred closed" -- "$cur"); return ;;
    --opinion) mapfile -t COMPREPLY < <(compgen -W "supported explained not-supported" -- "$cur"); return ;;
    --socket | -s | --admin) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    esac

    if [[ -z $verb ]]; then
        if [[ $cur == -* ]]; then
            mapfile -t COMPREPLY < <(compgen -W "$(jiaoban complete options 2>/dev/null) --help --version" -- "$cur")
        else
            mapfile -t COMPREPLY < <(compgen -W "$(jiaoban complete verbs 2>/dev/null | cut -d' ' -f1 | sort -u)" -- "$cur")
        fi
        return
    fi
    if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(jiaoban complete options "$verb" 2>/dev/null) --help" -- "$cur")
        [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
        return
    fi
    case "$verb $words_before" in
    "node 0") mapfile -t COMPREPLY < <(compgen -W "add change replace-keys retire list" -- "$cur") ;;
    "help 0") mapfile -t COMPREPLY < <(compgen -W "$(jiaoban complete verbs 2>/dev/null)" -- "$cur") ;;
    "install 0") mapfile -t COMPREPLY < <(compgen -W "policy calendar" -- "$cur") ;;
    "install 1") mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    "rule 1") mapfile -t COMPREPLY < <(compgen -W "agree refuse" -- "$cur") ;;
    "assign 1" | "forward 1" | "handover 1" | "designate 1" | "nodes 0" | "node change 0" | "node retire 0" | "node replace-keys 0")
        mapfile -t COMPREPLY < <(compgen -W "$(jiaoban "${socket[@]}" complete agencies 2>/dev/null)" -- "$cur") ;;
    "register 0" | "list 0" | "pending 0" | "alarms 0" | "watch 0" | "status 0" | "verify 0" | "reload 0" | "version 0") ;;
    *" 0")
        mapfile -t COMPREPLY < <(compgen -W "$(jiaoban "${socket[@]}" complete cases 2>/dev/null)" -- "$cur") ;;
    esac
}
complete -F _jiaoban jiaoban
