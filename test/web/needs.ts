// Reports a missing browser before the tests fail because of it.
import { works } from '../system/needs.ts';

export const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

export function setup(): void {
  const missing = [
    ...(works(executablePath, '--version') ? [] : ['chromium']),
    // Without a font the page has no letters, and axe finds no text to complain about.
    ...(works('dpkg', '-s', 'fonts-dejavu-core') ? [] : ['fonts-dejavu-core']),
  ];
  if (missing.length > 0) throw new Error(`test:web needs: apt-get install ${missing.join(' ')}`);
}
