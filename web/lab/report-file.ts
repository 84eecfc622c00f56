// The report of a lab as a file: the template that was built with the page, with the result inside,
// as `pinhole lab run --html` writes it (src/cli/lib/lab-report.ts).
import { blobOf, save } from '../api/download.ts';
import type { LabResult } from './result.ts';

const place = 'id="lab-result">null</script>';

export async function saveReport(result: LabResult): Promise<void> {
  const template = await (await blobOf('/ui/report.html')).text();
  // Without `<` no text of the result can end the script element.
  const json = JSON.stringify(result).replaceAll('<', '\\u003c');
  const html = template.replace(place, () => `id="lab-result">${json}</script>`);
  save(new Blob([html], { type: 'text/html' }), `${result.name}.html`);
}
