// Work of labs that takes too long for the event loop and is no run: the check of a request, the
// CSV of a result, and the bundle of a finding.
import { BundleError } from '../bundle/bundle-error.ts';
import { writeBundle } from '../bundle/export.ts';
import { defaultBounds } from '../lab/bounds.ts';
import { csvOf } from '../lab/csv.ts';
import { type Parsed, parseWorkload, workloadOf } from '../lab/document.ts';
import { type LabPlan, planLab } from '../lab/lab.ts';
import { LabError, type Mistake } from '../lab/lab-error.ts';
import { presets } from '../lab/presets/index.ts';
import { recordingOf } from '../lab/recording.ts';
import { type LabResult, pointsIn } from '../lab/result.ts';
import { choiceOf, sixStrategies } from '../lab/strategies.ts';
import { documentAt } from '../lab/sweep.ts';
import { moved } from '../threads/thread.ts';

/** A request as a client sent it, or one that was stored. */
export interface LabAsked {
  preset?: string | undefined;
  /** A document, or its text in YAML or JSON. */
  workload?: unknown;
  strategies?: readonly string[] | undefined;
  seeds?: number | readonly number[] | undefined;
  /** Replaces that of the document. */
  sweep?: Record<string, unknown[]> | undefined;
}

export interface CheckTask {
  asked: LabAsked;
  /** The quota of the tenant. */
  commandsMax: number;
  wallMsMax: number;
}

export type Checked = { name: string; plan: LabPlan } | { mistakes: readonly Mistake[] };

/** The entry point of the thread for the check of a request. */
export function check({ asked, commandsMax, wallMsMax }: CheckTask): Checked {
  try {
    const parsed = parsedOf(asked);
    const { seeds } = asked;
    const strategies = asked.strategies?.flatMap((name) =>
      name === 'all' ? sixStrategies : [name],
    );
    const plan = planLab({
      parsed,
      ...(strategies === undefined ? {} : { strategies }),
      ...(seeds === undefined ? {} : { seeds }),
      bounds: { ...defaultBounds, commandsMax, wallMsMax },
    });
    return { name: parsed.workload.name, plan };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { mistakes: error.mistakes };
  }
}

function parsedOf({ preset, workload, sweep }: LabAsked): Parsed {
  const given = preset === undefined ? workload : presets.get(preset)?.text;
  const parsed = typeof given === 'string' ? parseWorkload(given) : workloadOf(given);
  return sweep === undefined ? parsed : workloadOf({ ...(parsed.raw as object), sweep });
}

const resultIn = (json: Uint8Array): LabResult =>
  JSON.parse(new TextDecoder().decode(json)) as LabResult;

/** The entry point of the thread for the CSV of a result. */
export const csv = ({ json }: { json: Uint8Array }): Uint8Array =>
  moved(new TextEncoder().encode(csvOf(resultIn(json))));

export interface BundleTask {
  json: Uint8Array;
  /** The number of the finding. */
  finding: number;
  bytesMax: number;
}

export type BundleAnswer = Uint8Array | { missing: number } | { tooLarge: string };

/** The entry point of the thread for the bundle of a finding. It repeats the run up to there. */
export async function bundle({ json, finding, bytesMax }: BundleTask): Promise<BundleAnswer> {
  const result = resultIn(json);
  let all = 0;
  for (const { at, strategies } of pointsIn(result))
    for (const { strategy, findings } of strategies) {
      all += findings.length;
      const found = findings.find(({ number }) => number === finding);
      if (found === undefined) continue;
      const { workload } = workloadOf(documentAt(result.workload, at));
      const run = { seed: found.seed, strategy: choiceOf(strategy, workload) };
      const { kernel, entries, next } = recordingOf(workload, run, found);
      const then = next === null ? '' : ` The next command is ${JSON.stringify(next)}.`;
      const note =
        `${result.name} under ${strategy}, seed ${found.seed}, ${found.atMs} ms: ` +
        `${found.kind}. ${found.text}${then}`;
      try {
        const written = await writeBundle(kernel, entries, {
          contents: 'kept',
          note: note.slice(0, 1000),
          bytesMax,
        });
        return moved(Uint8Array.from(written));
      } catch (error) {
        if (error instanceof BundleError) return { tooLarge: error.message };
        throw error;
      }
    }
  return { missing: all };
}
