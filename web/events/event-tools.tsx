// Above the list: filters, pause, where to go, and how far behind the reader is.
import { useSignal } from '@preact/signals';
import { Button } from '../parts/button.tsx';
import { countText, durationText, plural } from '../parts/words.ts';
import { param, setParams } from '../state/location.ts';
import { watched } from '../state/watched.ts';
import { copy, curlOf } from './curl.ts';
import type { LiveList } from './live-list.ts';
import { eventTypes, families } from './sentence.ts';

export function EventTools(props: {
  fs: string;
  live: LiveList;
  follows: boolean;
  onFollow: () => void;
  onGo: (seq: number) => unknown;
}) {
  const { fs, live } = props;
  const last = live.list.events.at(-1);
  const from = last?.id ?? watched.peek()?.picture?.cursor ?? 'now';
  return (
    <div class="row event-tools">
      <Filters />
      <GoTo onGo={props.onGo} />
      <div class="row">
        <Button
          pressed={live.paused.value}
          shortcut="Space or P"
          onClick={() => {
            if (live.paused.value) live.resume();
            else live.paused.value = true;
          }}
        >
          {live.paused.value ? 'Resume' : 'Pause'}
        </Button>
        {props.follows ? null : <Button onClick={props.onFollow}>To the newest</Button>}
        <Button onClick={() => live.readOldest()}>From the oldest</Button>
        <Button
          onClick={() => copy(curlOf(fs, from), 'The curl line was copied.')}
          title={curlOf(fs, from)}
        >
          Copy as curl
        </Button>
      </div>
      <Told live={live} />
    </div>
  );
}

function Filters() {
  const text = (name: string) => (event: { currentTarget: HTMLInputElement }) =>
    setParams({
      [name]: event.currentTarget.value.trim() === '' ? null : event.currentTarget.value,
    });
  const files = [...(watched.peek()?.picture?.files.values() ?? [])].slice(0, 100);
  return (
    <>
      <label>
        Type
        <select
          value={param('type') ?? ''}
          onChange={({ currentTarget }) => setParams({ type: currentTarget.value || null })}
        >
          <option value="">all types</option>
          <optgroup label="Families">
            {families.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </optgroup>
          <optgroup label="Types">
            {eventTypes.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </optgroup>
        </select>
      </label>
      <label>
        File
        <input list="files" size={10} value={param('file') ?? ''} onInput={text('file')} />
      </label>
      <datalist id="files">
        {files.map(({ ino, name }) => (
          <option key={ino} value={name} />
        ))}
      </datalist>
      <label>
        Operation
        <input
          size={10}
          placeholder="op_9, truncate"
          value={param('op') ?? ''}
          onInput={text('op')}
        />
      </label>
      <label>
        Text
        <input type="search" id="filter" size={14} value={param('q') ?? ''} onInput={text('q')} />
      </label>
    </>
  );
}

function GoTo({ onGo }: { onGo: (seq: number) => unknown }) {
  const text = useSignal('');
  const submit = (event: Event) => {
    event.preventDefault();
    const seq = Number(text.value.slice(text.value.lastIndexOf('.') + 1));
    if (Number.isSafeInteger(seq) && seq > 0) void onGo(seq);
  };
  return (
    <form onSubmit={submit}>
      <label>
        Go to
        <input
          size={10}
          placeholder="number"
          value={text.value}
          onInput={({ currentTarget }) => {
            text.value = currentTarget.value;
          }}
        />
      </label>
    </form>
  );
}

function Told({ live }: { live: LiveList }) {
  const { paused, waiting, lagMs, list } = live;
  const all = list.events.length;
  const rows = list.shown;
  const lag = lagMs.value;
  return (
    <span class="small soft" role="status">
      {rows === all ? plural(all, 'event') : `${countText(rows)} of ${plural(all, 'event')}`}
      {paused.value ? ` · paused, ${countText(waiting.value)} more since` : ''}
      {lag === null || paused.value
        ? ''
        : ` · the last came ${durationText(lag)} after it happened`}
    </span>
  );
}
