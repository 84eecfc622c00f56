import { capabilities } from '../api/session.ts';
import { countText, durationText, sizeText } from '../parts/words.ts';

/** Version, durability and every limit, by the name of its flag. */
export function About() {
  const now = capabilities.value;
  if (now === null) return null;
  const kept =
    now.durability === 'disk'
      ? 'Every answer of 2xx is on the disk before it is sent.'
      : 'Everything is in memory and gone when the server stops.';
  return (
    <section class="panel" aria-labelledby="about">
      <header>
        <h2 id="about">This server</h2>
      </header>
      <p>
        Pinhole {now.version}. {kept}
      </p>
      <details>
        <summary>Limits</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">Flag</th>
              <th scope="col" class="number">
                Limit
              </th>
            </tr>
          </thead>
          <tbody>
            {Object.entries(now.limits)
              .sort(([a], [b]) => a.localeCompare(b))
              .map(([name, value]) => (
                <tr key={name}>
                  <td class="mono">{flagOf(name)}</td>
                  <td class="number">{limitText(name, value)}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </details>
    </section>
  );
}

/** The two that no flag sets are named as in the API. */
const fixed = new Set(['sizeBytesMin', 'pageSizeMax']);
const flagOf = (name: string): string =>
  fixed.has(name) ? name : `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

function limitText(name: string, value: number): string {
  if (/Ms($|Max$|Min$)/.test(name)) return durationText(value);
  return /Bytes|memoryMax/.test(name) ? sizeText(value) : countText(value);
}
