// pinhole completion: a script for a shell, and the answers that the script asks for at each TAB.
import { Argument, Command } from 'commander';
import { type Candidate, candidatesFor } from './lib/completions.ts';
import { example } from './lib/help.ts';
import type { Io } from './lib/io.ts';

/** Each script passes the words up to the cursor; without candidates the shell completes files. */
const scripts = {
  bash: `_pinhole() {
  local IFS=$'\\n'
  COMPREPLY=($(pinhole complete bash -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o bashdefault -o default -F _pinhole pinhole
`,
  zsh: `#compdef pinhole
_pinhole() {
  local -a found
  found=("\${(@f)$(pinhole complete zsh -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "$found" ]]; then _describe -V pinhole found; else _files; fi
}
if [[ "$funcstack[1]" == _pinhole ]]; then _pinhole "$@"; else compdef _pinhole pinhole; fi
`,
  fish: `function __pinhole_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l found (pinhole complete fish -- $words[2..-1] 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c pinhole -f -a '(__pinhole_complete)'
`,
} as const;
type Shell = keyof typeof scripts;
const shells = Object.keys(scripts) as Shell[];

const hints: Readonly<Record<Shell, string>> = {
  bash: 'source <(pinhole completion bash)   # in ~/.bashrc',
  zsh: 'source <(pinhole completion zsh)    # in ~/.zshrc, after compinit',
  fish: 'pinhole completion fish | source    # in ~/.config/fish/config.fish',
};

export function completionCommand(io: Io): Command {
  const command = new Command('completion')
    .description(
      'Prints a script that completes subcommands, options, their values, and the names of ' +
        'filesystems, files, mappings, pins, operations, tenants and contexts.',
    )
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .addHelpText('after', `\nTo use it:\n${shells.map((shell) => `  ${hints[shell]}`).join('\n')}`)
    .action((shell: Shell) => void io.stdout.write(scripts[shell]));
  return example(command, 'pinhole completion bash');
}

const textOf: Readonly<Record<Shell, (candidate: Candidate) => string>> = {
  bash: ({ value }) => value,
  zsh: ({ value, about }) => `${value.replaceAll(':', '\\:')}${about === '' ? '' : `:${about}`}`,
  fish: ({ value, about }) => (about === '' ? value : `${value}\t${about}`),
};

interface Line {
  root: Command;
  words: string[];
}

/** `lineOf` gives the words with the subcommand before them, and the command with it loaded. */
export function completeCommand(
  io: Io,
  lineOf: (words: readonly string[]) => Promise<Line>,
): Command {
  return new Command('complete')
    .description('Prints the candidates for the last word; the scripts of "completion" call it.')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .argument('[words...]', 'the words of the line')
    .action(async (shell: Shell, given: string[]) => {
      // One word that is not written yet can be any subcommand.
      const isFirst = given.length < 2 && !given[0]?.startsWith('-');
      const { root, words } = await lineOf(isFirst ? [given[0] ?? 'x'] : given);
      const found = await candidatesFor(root, isFirst ? [given[0] ?? ''] : words, io);
      const lines = found.map((candidate) => textOf[shell](candidate));
      if (lines.length > 0) io.stdout.write(`${lines.join('\n')}\n`);
    });
}
