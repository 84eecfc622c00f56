import { useSignal } from '@preact/signals';
import type { FunctionComponent } from 'preact';
import { useEffect } from 'preact/hooks';
import { NotLoaded } from './not-loaded.tsx';

/** A part of a view whose code is loaded after the rest of the view can be read. */
export function late(load: () => Promise<FunctionComponent>): FunctionComponent {
  let Part: FunctionComponent | null = null;
  return function Late() {
    const isLoaded = useSignal(Part !== null);
    const failed = useSignal(false);
    useEffect(() => {
      if (Part !== null) return;
      load().then(
        (loaded) => {
          Part = loaded;
          isLoaded.value = true;
        },
        () => {
          failed.value = true;
        },
      );
    }, []);
    if (failed.value) return <NotLoaded />;
    return isLoaded.value && Part !== null ? <Part /> : <p class="soft small">Loading…</p>;
  };
}
