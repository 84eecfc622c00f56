// The keys: each view says which ones it uses while it is open; `?` lists those in force.
import { signal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';

export interface Key {
  /** As in KeyboardEvent.key: ' ', 'ArrowLeft', 'g', '?'. Letters are given in lower case. */
  key: string;
  /** What it does, for the list of keys. */
  does: string;
  run: (event: KeyboardEvent) => void;
}

export const keysInForce = signal<readonly (readonly Key[])[]>([]);

/** The view that was opened last comes first, so it may use a key of the shell for itself. */
export function useKeys(keys: readonly Key[]): void {
  const now = useRef(keys);
  now.current = keys;
  const named = keys.map(({ key, does }) => key + does).join();
  // Before the next paint: who sees the view may press its keys.
  useLayoutEffect(() => {
    const set = now.current.map(({ key, does }, at) => ({
      key,
      does,
      run: (event: KeyboardEvent) => now.current[at]?.run(event),
    }));
    keysInForce.value = [set, ...keysInForce.peek()];
    return () => {
      keysInForce.value = keysInForce.peek().filter((other) => other !== set);
    };
  }, [named]);
}

const pressables = 'button, a, summary, [role=button], [role=option]';

/**
 * What was clicked last, unless Tab was pressed since. It keeps the focus, but nobody means it with
 * the next Space.
 */
let clicked: Element | null = null;

/** Keys that an element under the focus uses itself. */
function isUsed(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest('input, textarea, select, [contenteditable]')) return key !== 'Escape';
  if (key === ' ' || key === 'Enter') {
    const pressable = target.closest(pressables);
    return pressable !== null && pressable !== clicked;
  }
  return target.closest('[data-arrows]') !== null && key.startsWith('Arrow');
}

/** Listens to the whole page. Called once. */
export function listenToKeys(): void {
  window.addEventListener('pointerdown', ({ target }) => {
    clicked = target instanceof Element ? target.closest(pressables) : null;
  });
  window.addEventListener('keydown', (event) => {
    if (event.key === 'Tab') clicked = null;
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.querySelector('dialog[open]') !== null || isUsed(event.target, event.key)) return;
    const pressed = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const found = keysInForce.value.flat().find(({ key }) => key === pressed);
    if (found === undefined) return;
    event.preventDefault();
    found.run(event);
  });
}

export const keyName = (key: string): string =>
  ({ ' ': 'Space', ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓', Escape: 'Esc' })[
    key
  ] ?? key.toUpperCase();
