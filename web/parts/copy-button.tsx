import { useSignal } from '@preact/signals';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { attempt, notify } from './notices.tsx';

/** Copies a text. A page that is not served from a safe origin shows it, to copy it by hand. */
export function CopyButton({ what, text }: { what: string; text: () => Promise<string> | string }) {
  const byHand = useSignal<string | null>(null);
  const copy = async () => {
    const copied = await attempt(async () => text());
    if (copied === null) return;
    try {
      await navigator.clipboard.writeText(copied);
      notify(`${what} copied.`);
    } catch {
      byHand.value = copied;
    }
  };
  return (
    <>
      <Button onClick={copy}>Copy {what}</Button>
      {byHand.value === null ? null : (
        <Dialog title={what} onClose={() => (byHand.value = null)}>
          <textarea readOnly rows={12} aria-label={what} value={byHand.value} />
        </Dialog>
      )}
    </>
  );
}
