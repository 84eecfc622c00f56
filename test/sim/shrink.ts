// ddmin (Zeller and Hildebrandt, 2002): removes actions that the failure does not need, first
// halves, then smaller parts, down to single actions.
import type { Action } from './action.ts';
import { type Options, runScript, type Script } from './run.ts';

const triesMax = 4000;

export function shrink(script: Script, law: string, options: Options = {}): Script {
  let tries = 0;
  const fails = (actions: Action[]): boolean => {
    tries += 1;
    return (
      runScript({ ...script, actions }, { ...options, compareStrategies: law === 'differential' })
        .failure?.law === law
    );
  };
  let actions = script.actions;
  for (let parts = 2; actions.length > 1 && tries < triesMax; ) {
    const size = Math.ceil(actions.length / parts);
    let shorter: Action[] | null = null;
    for (let at = 0; at < actions.length && shorter === null && tries < triesMax; at += size) {
      const rest = [...actions.slice(0, at), ...actions.slice(at + size)];
      if (fails(rest)) shorter = rest;
    }
    if (shorter !== null) {
      actions = shorter;
      parts = Math.max(2, parts - 1);
    } else if (size === 1) break;
    else parts = Math.min(actions.length, parts * 2);
  }
  return { ...script, actions };
}

/** What happened, as a golden trace. */
export function traceOf(script: Script, options: Options = {}): string {
  const lines: string[] = [];
  const { failure } = runScript(script, { ...options, onLine: (line) => lines.push(line) });
  if (failure !== null) lines.push(`! ${failure.message.split('\n')[0]}`);
  return `${lines.join('\n')}\n`;
}
