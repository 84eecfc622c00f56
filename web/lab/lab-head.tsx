// What was run: name, about, seeds, versions and the digest of the result.
import { plural } from '../parts/words.ts';
import { type LabResult, pointsOf, sweptPaths, workloadField } from './result.ts';

export function LabHead({ result }: { result: LabResult }) {
  const about = workloadField(result, 'about');
  const durationMs = Number(workloadField(result, 'durationMs') ?? 0);
  const points = pointsOf(result);
  const strategies = points[0]?.strategies.length ?? 0;
  return (
    <header class="column lab-head">
      <h1>{result.name}</h1>
      {typeof about === 'string' ? <p>{about}</p> : null}
      <p class="small soft">
        {plural(strategies, 'strategy', 'strategies')}, {seedsText(result.seeds)},{' '}
        {Number((durationMs / 1000).toPrecision(3))} s simulated in each run
        {points.length > 1
          ? `, ${points.length} points of a sweep of ${sweptPaths(result).join(' and ')}`
          : ''}
        .
      </p>
      <p class="small soft">
        Version {result.lab} of the lab, {result.kernel} of the kernel. The same workload, seeds and
        versions give the same digest: <code class="lab-digest">{result.digest}</code>
      </p>
    </header>
  );
}

/** "32 seeds from 1 to 32". */
const seedsText = (seeds: readonly number[]): string =>
  seeds.length === 1
    ? `seed ${seeds[0]}`
    : `${plural(seeds.length, 'seed')} from ${seeds[0]} to ${seeds.at(-1)}`;
