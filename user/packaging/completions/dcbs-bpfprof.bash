# SPDX-License-Identifier: GPL-2.0-only OR MIT
# Completes the command line of dcbs-bpfprof in bash. --help has the options and their words, `list` has the processes.

_dcbs_bpfprof_help()
{
	ARGP_HELP_FMT=rmargin=1000 "$@" --help 2>/dev/null
}

# The words that an option of the command takes: "..: text, json, csv (default text)".
_dcbs_bpfprof_choices()
{
	_dcbs_bpfprof_help "$1" | sed -n "s/^.*--$2=[A-Z]* .*: \([^:]*\)\$/\1/p" | sed 's/([^)]*)//g; s/,/ /g'
}

_dcbs_bpfprof_pids()
{
	"$1" list 2>/dev/null | awk '$1 ~ /^[0-9]+$/ { print $1 }'
}

# Usage: _dcbs_bpfprof_value COMMAND OPTION CURRENT. Returns false if the option takes no value.
_dcbs_bpfprof_value()
{
	case $2 in
	-p|--pid) COMPREPLY=($(compgen -W "$(_dcbs_bpfprof_pids "$1")" -- "$3")) ;;
	-f|--format) COMPREPLY=($(compgen -W "$(_dcbs_bpfprof_choices "$1" format)" -- "$3")) ;;
	-S|--sort-by) COMPREPLY=($(compgen -W "$(_dcbs_bpfprof_choices "$1" sort-by)" -- "$3")) ;;
	-o|--output) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$3")) ;;
	-*) _dcbs_bpfprof_help "$1" | grep -qE -- "^ *(-., )?$2=|^ *$2, --[a-z-]+=" ;;
	*) false ;;
	esac
}

_dcbs_bpfprof()
{
	local command=$1 current=$2 previous=$3 i

	COMPREPLY=()
	[[ $current == "=" ]] && current=
	[[ $previous == "=" ]] && previous=${COMP_WORDS[COMP_CWORD-2]}
	for ((i = 1; i < COMP_CWORD; i++)); do
		if [[ ${COMP_WORDS[i]} == -- && ${COMP_WORDS[1]} != diff ]]; then
			compopt -o filenames 2>/dev/null
			((i + 1 == COMP_CWORD)) && COMPREPLY=($(compgen -c -- "$current"))
			((i + 1 == COMP_CWORD)) || COMPREPLY=($(compgen -f -- "$current"))
			return
		fi
	done
	_dcbs_bpfprof_value "$command" "$previous" "$current" && return
	if [[ $current == -* ]]; then
		[[ ${COMP_WORDS[1]} == diff ]] && command="$command diff"
		COMPREPLY=($(compgen -W "$(_dcbs_bpfprof_help $command | grep -oE -- '--[a-z][a-z-]+=?' | sort -u)" -- "$current"))
		[[ ${COMPREPLY[0]} == *= && ${#COMPREPLY[@]} == 1 ]] && compopt -o nospace 2>/dev/null
	elif ((COMP_CWORD == 1)); then
		COMPREPLY=($(compgen -W "check diff list report" -- "$current"))
	elif [[ ${COMP_WORDS[1]} == report || ${COMP_WORDS[1]} == diff ]]; then
		compopt -o filenames 2>/dev/null
		COMPREPLY=($(compgen -f -X '!*.json' -- "$current") $(compgen -d -- "$current"))
	fi
}

complete -F _dcbs_bpfprof dcbs-bpfprof
