import { watched } from '../state/watched.ts';

export function View() {
  const picture = watched.value?.picture;
  if (!picture) return <p class="soft">Reading the state…</p>;
  return (
    <ul class="column">
      {[...picture.operations.values()].map(({ id, op, state }) => (
        <li key={id}>
          {id} {op} {state}
        </li>
      ))}
    </ul>
  );
}
