// The colours of the page for a canvas, which cannot read them from CSS itself.

/** A custom property keeps light-dark() as text, so a property that takes a colour resolves it. */
export function cssColours<Name extends string>(names: readonly Name[]): Record<Name, string> {
  const probe = document.createElement('span');
  probe.style.display = 'none';
  document.body.append(probe);
  const style = getComputedStyle(probe);
  const colours = {} as Record<Name, string>;
  for (const name of names) {
    probe.style.color = `var(--${name})`;
    colours[name] = style.color;
  }
  probe.remove();
  return colours;
}
