// The report of a lab in HTML: the template that `npm run build` makes of web/report, with a result
// inside. It opens without a server and without a network.
import { readFileSync } from 'node:fs';
import type { LabResult } from '../../lab/result.ts';
import { Refused } from './exit.ts';

/** The same file for dist/cli/lib/ and, when tsx runs it, for src/cli/lib/. */
const templateUrl = new URL('../../../dist/web/report.html', import.meta.url);

const place = 'id="lab-result">null</script>';

/** Reads the template, so that a lab that runs for minutes does not end without a report. */
export function reportTemplate(): string {
  try {
    return readFileSync(templateUrl, 'utf8');
  } catch {
    throw new Refused('the template of reports was not built; npm run build makes it');
  }
}

/** No text of the result can end the script element, because no `<` is left in it. */
export function reportOf(template: string, result: LabResult): string {
  const json = JSON.stringify(result).replaceAll('<', '\\u003c');
  return template.replace(place, () => `${place.slice(0, place.indexOf('null'))}${json}</script>`);
}
