// Asks before something is destroyed. `confirm()` resolves to whether the person agreed.
import { signal } from '@preact/signals';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';

interface Question {
  title: string;
  text: string;
  yes: string;
  answer: (agreed: boolean) => void;
}

const question = signal<Question | null>(null);

export const confirm = (asked: Omit<Question, 'answer'>): Promise<boolean> =>
  new Promise((answer) => {
    question.value = { ...asked, answer };
  });

export function Confirm() {
  const now = question.value;
  if (now === null) return null;
  const close = (agreed: boolean) => {
    question.value = null;
    now.answer(agreed);
  };
  return (
    <Dialog title={now.title} onClose={() => close(false)}>
      <p>{now.text}</p>
      <div class="row">
        <Button look="danger" onClick={() => close(true)}>
          {now.yes}
        </Button>
        <Button onClick={() => close(false)}>Keep it</Button>
      </div>
    </Dialog>
  );
}
