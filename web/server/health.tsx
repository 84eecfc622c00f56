import { capabilities, noAnswer, origin } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { StoppedSteps } from '../parts/runbook.tsx';
import { countText, durationText, sizeText } from '../parts/words.ts';
import { type Figure, figuresOf, samplesOf } from './metrics.ts';
import { useReading } from './reading.ts';

interface Check {
  name: string;
  ok: boolean;
  stopped?: string[];
}

const words: Record<string, { good: string; bad: string }> = {
  accepting: { good: 'It accepts work.', bad: 'It is stopping and accepts no new work.' },
  'filesystems-running': {
    good: 'All filesystems run.',
    bad: 'Filesystems have stopped. The others are served.',
  },
  'journal-has-room': {
    good: 'The journal has room.',
    bad: 'The disk of the journal is full. Operations that need space are refused.',
  },
};

async function ask(path: string): Promise<string> {
  const response = await fetch(`${origin}${path}`).catch(() => {
    throw noAnswer();
  });
  return response.text();
}

async function readHealth() {
  const { checks } = JSON.parse(await ask('/readyz?verbose=true')) as { checks: Check[] };
  return { checks, samples: samplesOf(await ask('/metrics')) };
}

/** Is the server well, and if not, why; its streams and its journal in figures. */
export function Health() {
  const { reading, again } = useReading('health', readHealth);
  const { data, problem, readMs } = reading;
  return (
    <>
      <section class="panel" aria-labelledby="health">
        <header>
          <h2 id="health">Health</h2>
          <Button onClick={again}>Read again</Button>
          {readMs === 0 ? null : (
            <span class="small soft">as of {new Date(readMs).toLocaleTimeString('en-GB')}</span>
          )}
        </header>
        {problem === null ? null : <ProblemNote problem={problem} />}
        <ul class="column">
          {data?.checks.map((check) => (
            <CheckLine key={check.name} {...check} />
          ))}
        </ul>
      </section>
      {data === null ? null : (
        <div class="server-columns">
          <Figures title="Event streams" of={figuresOf(data.samples, 'streams')} />
          {capabilities.value?.durability === 'memory' ? null : (
            <Figures title="Journal" of={figuresOf(data.samples, 'journal')} />
          )}
        </div>
      )}
    </>
  );
}

function CheckLine({ name, ok, stopped = [] }: Check) {
  const told = words[name];
  const text = told === undefined ? name : ok ? told.good : told.bad;
  return (
    <li>
      <span class={ok ? 'good' : 'bad'}>{ok ? '✓' : '✗'}</span> {text}
      {stopped.length === 0 ? null : (
        <>
          {' '}
          <code>{stopped.join(', ')}</code>
          <StoppedSteps />
        </>
      )}
    </li>
  );
}

function Figures({ title, of }: { title: string; of: readonly Figure[] }) {
  return (
    <section class="panel" aria-label={title}>
      <header>
        <h2>{title}</h2>
      </header>
      <table>
        <tbody>
          {of.map((figure) => (
            <tr key={figure.name}>
              <th scope="row">{figure.name}</th>
              <td class="number">{figureText(figure)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function figureText({ value, unit }: Figure): string {
  if (unit === 'bytes') return sizeText(value);
  return unit === 'seconds' ? durationText(value * 1000) : countText(value);
}
