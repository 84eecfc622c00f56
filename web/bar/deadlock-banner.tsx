import { cycleSentence } from '../graph/cycle-words.ts';
import { Button } from '../parts/button.tsx';
import { sentenceText } from '../parts/sentence-part.ts';
import { go, openFilesystem, pathOf } from '../state/location.ts';
import { select } from '../state/selection.ts';
import { waitGraph } from '../state/wait-graph.ts';
import { watched } from '../state/watched.ts';
import './deadlock-banner.css';

/** On every view of a filesystem: the first deadlock in a sentence. The only red area of the page. */
export function DeadlockBanner() {
  const cycles = waitGraph.value.data?.cycles ?? [];
  const [first] = cycles;
  const fs = openFilesystem.value;
  if (first === undefined || fs === null) return null;
  const others = cycles.length - 1;
  return (
    <div class="deadlock" role="alert">
      <p>
        <strong>Deadlock. </strong>
        {sentenceText(cycleSentence(watched.value?.picture ?? null, first))}
        {others === 0 ? null : ` There ${others === 1 ? 'is' : 'are'} ${others} more.`}
      </p>
      <Button
        onClick={() => {
          go(pathOf('graph', fs));
          select(first.nodes[0] ?? null);
        }}
      >
        Show
      </Button>
    </div>
  );
}
