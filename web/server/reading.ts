// What the view reads of the server: once when it opens, and when a person asks. The server has no
// stream about itself.
import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { type ShownProblem, shownOf } from '../api/problem.ts';

export interface Reading<T> {
  data: T | null;
  problem: ShownProblem | null;
  readMs: number;
}

export function useReading<T>(key: string, read: () => Promise<T>) {
  const reading: Signal<Reading<T>> = useSignal({
    data: null as T | null,
    problem: null as ShownProblem | null,
    readMs: 0,
  });
  const again = async () => {
    try {
      reading.value = { data: await read(), problem: null, readMs: Date.now() };
    } catch (error) {
      reading.value = { ...reading.peek(), problem: shownOf(error) };
    }
  };
  useEffect(() => void again(), [key]);
  return { reading: reading.value, again };
}
