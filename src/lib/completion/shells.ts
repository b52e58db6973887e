import { shellWords } from '../base/shell-words.ts';

/** The shells that completion is made for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/*
 * All three ask `infractl __complete SHELL …`, which answers with `files` or `words` and then a candidate a
 * line, its description behind a tab. The scripts know nothing of the commands, so they need no update.
 */

const BASH = `# infractl completion for bash
_infractl() {
  local answer line
  COMPREPLY=()
  answer=$(infractl __complete bash "\${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null) || return
  if [[ $answer == files* ]]; then
    compopt -o default 2>/dev/null
    return
  fi
  while IFS= read -r line; do
    [[ -n $line ]] && COMPREPLY+=("\${line%%$'\\t'*}")
  done <<<"\${answer#words}"
  if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *= ]]; then compopt -o nospace 2>/dev/null; fi
}
complete -F _infractl infractl
`;

const ZSH = `#compdef infractl
# infractl completion for zsh
_infractl() {
  local line value about
  local -a lines choices
  lines=("\${(@f)$(infractl __complete zsh "\${(@Q)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)}")
  if [[ $lines[1] == files ]]; then
    _files
    return
  fi
  for line in "\${(@)lines[2,-1]}"; do
    [[ -z $line ]] && continue
    value=\${line%%$'\\t'*}
    about=\${line#*$'\\t'}
    choices+=("\${value//:/\\\\:}\${about:+:$about}")
  done
  (( $#choices )) && _describe -V 'infractl' choices
}
if [[ $funcstack[1] == _infractl ]]; then
  _infractl "$@"
else
  compdef _infractl infractl
fi
`;

const FISH = `# infractl completion for fish
function __infractl_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    test (count $current) -eq 0; and set current ''
    set -l answer (infractl __complete fish $words[2..-1] $current 2>/dev/null)
    if test "$answer[1]" = files
        __fish_complete_path $current
        return
    end
    test (count $answer) -gt 1; and printf '%s\\n' $answer[2..-1]
end
complete -c infractl -f -k -a '(__infractl_complete)'
`;

/** What a shell reads to complete infractl's command lines. */
export function completionScript(shell: Shell): string {
  return { bash: BASH, zsh: ZSH, fish: FISH }[shell];
}

/** Where a script is found by its shell without anything else, for the user alone. */
export const PLACES: Readonly<Record<Shell, string>> = {
  bash: '~/.local/share/bash-completion/completions/infractl',
  zsh: `"\${fpath[1]}/_infractl"`,
  fish: '~/.config/fish/completions/infractl.fish',
};

/** The words of a line of bash up to the cursor, behind the command itself; the last one is being typed. */
export function lineWords(line: string): string[] {
  const { words, last } = shellWords(line);
  return (last === undefined ? [...words, ''] : words).slice(1);
}

/** How much of the word at the cursor bash keeps: it replaces what is behind the last of its word breaks. */
export function keptByBash(word: string, breaks: string): number {
  for (let at = word.length - 1; at >= 0; at--) {
    const char = word[at] as string;
    if ((char === '=' || char === ':') && breaks.includes(char)) return at + 1;
  }
  return 0;
}
