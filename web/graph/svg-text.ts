// The drawing as a file of its own: a copy whose looks no longer depend on the page's styles.

const looks = ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'font-family', 'font-size'];

export function svgText(svg: SVGSVGElement): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const [shown, copied] = [svg.querySelectorAll('*'), copy.querySelectorAll('*')];
  for (const [at, element] of shown.entries()) {
    const style = getComputedStyle(element);
    const target = copied[at];
    if (target === undefined || !(target instanceof SVGElement)) continue;
    for (const look of looks) target.setAttribute(look, style.getPropertyValue(look));
    for (const name of ['class', 'tabindex', 'data-thing', 'role']) target.removeAttribute(name);
  }
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.removeAttribute('tabindex');
  return new XMLSerializer().serializeToString(copy);
}
