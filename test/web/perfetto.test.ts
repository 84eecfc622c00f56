// Perfetto in another window. A page of our own stands in its place and speaks its protocol: PING is
// answered with PONG, and then the trace arrives.
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { TestBrowser } from './browser.ts';

let browser: TestBrowser;
beforeAll(async () => {
  browser = await TestBrowser.launch();
});
afterEach((context) => browser.closeWindows(context));
afterAll(() => browser.close());

const standIn = `<!doctype html><title>Perfetto</title><p>waiting</p><script>
  addEventListener('message', ({ data, origin, source }) => {
    if (data === 'PING') return source.postMessage('PONG', origin);
    const { title, fileName, buffer } = data.perfetto;
    const { traceEvents } = JSON.parse(new TextDecoder().decode(buffer));
    document.querySelector('p').textContent = [title, fileName, traceEvents.length, origin].join(' ');
  });
</script>`;

it('the trace reaches Perfetto by a click, and only its window', async () => {
  await browser.must(201, 'POST', '/v1/filesystems', { name: 'traced', sizeBytes: 1 << 20 });
  await browser.must(201, 'POST', '/v1/filesystems/traced/files', { name: 'a', sizeBytes: 4096 });
  const { page } = await browser.open('/ui/fs/traced/timeline');
  await page
    .context()
    .route('https://ui.perfetto.dev/**', (route) =>
      route.fulfill({ contentType: 'text/html', body: standIn }),
    );
  const button = page.getByRole('button', { name: /Open in Perfetto/ });
  expect(await button.innerText()).toContain('leaves this server');
  const opened = page.waitForEvent('popup');
  await button.click();
  const perfetto = await opened;
  await perfetto.getByText(/^traced traced\.json [1-9]\d* http:\/\/127\.0\.0\.1:\d+$/).waitFor();
});
