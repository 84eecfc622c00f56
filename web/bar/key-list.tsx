import { Dialog } from '../parts/dialog.tsx';
import { keyName, keysInForce } from '../state/keys.ts';

/** The keys that work now: those of the view first, then those of the whole page. */
export function KeyList({ onClose }: { onClose: () => void }) {
  const seen = new Set<string>();
  const keys = keysInForce.value.flat().filter(({ key }) => !seen.has(key) && seen.add(key));
  return (
    <Dialog title="Keys" onClose={onClose}>
      <table>
        <tbody>
          {keys.map(({ key, does }) => (
            <tr key={key}>
              <td>
                <kbd>{keyName(key)}</kbd>
              </td>
              <td>{does}</td>
            </tr>
          ))}
          <tr>
            <td>
              <kbd>Esc</kbd>
            </td>
            <td>Close this, or drop the selection</td>
          </tr>
        </tbody>
      </table>
    </Dialog>
  );
}
