import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

/** The size of an element in CSS pixels, as it changes. `first` holds until it is known. */
export function useSize(first: { width: number; height: number }) {
  const size = useSignal(first);
  const holder = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = holder.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => {
      size.value = { width: element.clientWidth, height: element.clientHeight };
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { size, holder };
}
