// The bar of the open filesystem: what it is, its strategy, its time, and whether the page is live.
import { body, capabilities, readOnlyReason, rest } from '../api/session.ts';
import { attempt } from '../parts/notices.tsx';
import { Term } from '../parts/term.tsx';
import { clockText, durationText, timeText } from '../parts/words.ts';
import { filesystemMs, wallMs } from '../state/clock.ts';
import { pathOf, place } from '../state/location.ts';
import { connection, watched } from '../state/watched.ts';
import { StepControls } from '../stepper/step-controls.tsx';
import { FilesystemActions } from './filesystem-actions.tsx';
import { Link } from './link.tsx';
import { Waiting } from './waiting.tsx';

export function FilesystemBar({ fs }: { fs: string }) {
  const filesystem = watched.value?.picture?.filesystem ?? null;
  return (
    <div class="row grow">
      <Link href={pathOf('machine', fs)} class="mono">
        {fs}
      </Link>
      {filesystem === null ? null : (
        <>
          <span class="soft small bar-kind">
            {filesystem.kind} · Linux {filesystem.kernel}
          </span>
          {/* In a lecture another strategy is a fork, so that the told way stays as it was. */}
          {place.value.story === null ? (
            <StrategyChoice fs={fs} />
          ) : (
            <span class="small">{watched.value?.picture?.strategy}</span>
          )}
          <span
            class="mono small"
            title={`The time of the filesystem: ${timeText(filesystemMs.value, filesystem.clock)}`}
          >
            <span class="bar-label">t = </span>
            {clockText(filesystemMs.value, filesystem.clock)}
          </span>
        </>
      )}
      <StepControls />
      <Waiting fs={fs} />
      <LiveState />
      <FilesystemActions fs={fs} />
    </div>
  );
}

function StrategyChoice({ fs }: { fs: string }) {
  const now = watched.value?.picture?.strategy ?? '';
  const all = capabilities.value?.strategies ?? [];
  const change = async (select: HTMLSelectElement) => {
    const changed = await attempt(() =>
      body(
        rest.value.PUT('/v1/filesystems/{fs}/strategy', {
          params: { path: { fs } },
          body: { name: select.value } as never,
        }),
      ),
    );
    // What was refused is not in force, and nothing else would draw the old choice again.
    if (changed === null) select.value = watched.peek()?.picture?.strategy ?? now;
  };
  return (
    <span class="row">
      <span class="small bar-label">
        <Term of="strategy" />
      </span>
      <select
        aria-label="Strategy"
        value={now}
        disabled={readOnlyReason.value !== null}
        title={readOnlyReason.value ?? undefined}
        onChange={({ currentTarget }) => void change(currentTarget)}
      >
        {(all.length === 0 ? [now] : all.map(({ name }) => name)).map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </span>
  );
}

function LiveState() {
  const now = connection.value;
  if (now.state === 'live') return <span class="live small">● live</span>;
  if (now.state === 'lost')
    return (
      <span class="lost small" role="status">
        {`○ no server for ${durationText(Math.max(0, wallMs.value - now.sinceMs))}, reconnecting`}
      </span>
    );
  return (
    <span class="soft small">{now.state === 'reading' ? '○ reading' : '○ not connected'}</span>
  );
}
