# SPDX-License-Identifier: GPL-2.0-only OR MIT
# Completes the command line of dcbs-bpfprof in fish. --help has the options and their words, `list` has the processes.

function __dcbs_bpfprof_help
    ARGP_HELP_FMT=rmargin=1000 dcbs-bpfprof $argv --help 2>/dev/null
end

function __dcbs_bpfprof_pids
    dcbs-bpfprof list 2>/dev/null | string replace -rf '^ *(\d+) +\S+ +\S+ +\S+ +(.*)$' '$1\t$2'
end

# The words that an option takes: "..: text, json, csv (default text)".
function __dcbs_bpfprof_choices
    __dcbs_bpfprof_help | string replace -rf -- "^.*--$argv[1]=[A-Z]* .*: ([^:]*)\$" '$1' | string replace -ra '\([^)]*\)' '' | string split ', ' | string trim
end

# Usage: __dcbs_bpfprof_options CONDITION COMMAND. All options that --help lists.
function __dcbs_bpfprof_options
    for line in (__dcbs_bpfprof_help $argv[2])
        set -l found (string match -r -- '^ +((?:-\w, )?)--([a-z-]+)((?:=\S+)?) *(.*)$' $line)
        set -q found[3]; or continue
        set -l option -c dcbs-bpfprof -n "$argv[1]" -l $found[3]
        test -n "$found[2]"; and set -a option -s (string sub -s 2 -l 1 -- $found[2])
        test -n "$found[5]"; and set -a option -d $found[5]
        switch $found[3]
            case pid
                set -a option -x -a '(__dcbs_bpfprof_pids)'
            case format sort-by
                set -a option -x -a "(__dcbs_bpfprof_choices $found[3])"
            case output
                set -a option -r -F
            case '*'
                test -n "$found[4]"; and set -a option -x
        end
        complete $option
    end
end

complete -c dcbs-bpfprof -f
complete -c dcbs-bpfprof -n 'test (count (commandline -opc)) = 1' -a 'check diff list report'
complete -c dcbs-bpfprof -n '__fish_seen_subcommand_from report diff' -F
complete -c dcbs-bpfprof -n '__fish_seen_subcommand_from --' -F
__dcbs_bpfprof_options 'not __fish_seen_subcommand_from diff --'
__dcbs_bpfprof_options '__fish_seen_subcommand_from diff' diff
functions -e __dcbs_bpfprof_options
