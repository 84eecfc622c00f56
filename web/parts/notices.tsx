// Short answers to what a person did: what was refused, what now sleeps. They stay until read.
import { signal, useSignalEffect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { type ShownProblem, shownOf } from '../api/problem.ts';
import { Link } from '../bar/link.tsx';
import { ProblemNote } from './problem-note.tsx';
import './notices.css';

interface Notice {
  id: number;
  problem?: ShownProblem;
  text?: string;
  /** Where the page shows what it is about. */
  link?: NoticeLink | undefined;
}

interface NoticeLink {
  href: string;
  text: string;
}

const notices = signal<readonly Notice[]>([]);
let last = 0;

function add(notice: Omit<Notice, 'id'>, stays: boolean): void {
  last += 1;
  const id = last;
  // The same again replaces the first one.
  const others = notices.value.filter(
    ({ text, problem }) => text !== notice.text || problem?.detail !== notice.problem?.detail,
  );
  notices.value = [...others.slice(-2), { id, ...notice }];
  if (!stays) setTimeout(() => forget(id), 6000);
}

const forget = (id: number): void => {
  notices.value = notices.value.filter((notice) => notice.id !== id);
};

/** With a link it stays, because a person may want to follow it. */
export const notify = (text: string, link?: NoticeLink): void =>
  add({ text, link }, link !== undefined);

/** Runs what a person asked for; a refusal becomes a notice. Resolves to null if it was refused. */
export async function attempt<T>(does: () => Promise<T>): Promise<T | null> {
  try {
    return await does();
  } catch (error) {
    add({ problem: shownOf(error) }, true);
    return null;
  }
}

export function Notices() {
  const element = useRef<HTMLDivElement>(null);
  // Shown again for each change, because a dialog that opened since would cover it.
  useSignalEffect(() => {
    const any = notices.value.length > 0;
    if (element.current?.matches(':popover-open')) element.current.hidePopover();
    if (any) element.current?.showPopover();
  });
  return (
    <div ref={element} popover="manual" class="notices" aria-live="polite">
      {notices.value.map(({ id, problem, text, link }) => (
        <div key={id} class="notice">
          {problem === undefined ? (
            <p>
              {text} {link === undefined ? null : <Link href={link.href}>{link.text}</Link>}
            </p>
          ) : (
            <ProblemNote problem={problem} />
          )}
          <button type="button" class="button" aria-label="Dismiss" onClick={() => forget(id)}>
            ✕
          </button>
        </div>
      ))}
    </div>
  );
}
