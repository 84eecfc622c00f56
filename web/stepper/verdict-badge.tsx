// How a story or a choice can end: a sign, a word and a colour.
import './verdict-badge.css';

interface Look {
  sign: string;
  text: string;
  tone: 'good' | 'wait' | 'bad' | 'deadlock' | 'soft';
  doc: string;
}

const looks: Record<string, Look> = {
  completes: { sign: '✓', text: 'completes', tone: 'good', doc: 'In some orders all calls end.' },
  waits: {
    sign: '…',
    text: 'waits',
    tone: 'wait',
    doc: 'The first waits for a page, and all ends well.',
  },
  deadlock: {
    sign: '∞',
    text: 'deadlock',
    tone: 'deadlock',
    doc: 'In some orders a circle of waits is completed, and nobody in it can go on.',
  },
  hangs: {
    sign: '⊘',
    text: 'hangs',
    tone: 'bad',
    doc: 'An operation sleeps, is in no deadlock, and nothing that the others do wakes it.',
  },
  starves: {
    sign: '↻',
    text: 'starves',
    tone: 'bad',
    doc: 'It wakes up, scans and sleeps again, for as long as the others go on.',
  },
  'frees under the pin': {
    sign: '!',
    text: 'frees under the pin',
    tone: 'bad',
    doc: 'A block is freed while a device may still write to it.',
  },
  unknown: {
    sign: '?',
    text: 'not known',
    tone: 'soft',
    doc: 'The search ended at a limit before it had seen all states.',
  },
};

export const verdictLook = (verdict: string): Look =>
  looks[verdict] ?? { sign: '·', text: verdict, tone: 'soft', doc: verdict };

export function VerdictBadge({ verdict }: { verdict: string }) {
  const { sign, text, tone, doc } = verdictLook(verdict);
  return (
    <span class={`verdict verdict-${tone}`} title={doc}>
      <span aria-hidden="true">{sign}</span>
      {`\u00a0${text}`}
    </span>
  );
}

export function VerdictBadges({ verdicts }: { verdicts: readonly string[] }) {
  return (
    <span class="verdicts">
      {verdicts.map((verdict) => (
        <VerdictBadge key={verdict} verdict={verdict} />
      ))}
    </span>
  );
}
