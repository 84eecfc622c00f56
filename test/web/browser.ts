// A real Chromium in front of a real server. What no page may do fails the test that did it: an
// error in the console, a violation of the content security policy, a request to another origin.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { expect, type TestContext } from 'vitest';
import { call, must, type Service, start } from '../http/start.ts';
import { executablePath } from './needs.ts';

const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A test machine may be three times too busy; then a page in the background has no frames.
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
];

export interface Opened {
  page: Page;
  /** What went wrong in the page so far; `close` fails unless the test has emptied it. */
  complaints: string[];
  /** Every URL that the page has asked for, also those of WebSockets. */
  urls: string[];
}

/** Windows of a real Chromium in front of the server at `origin`. */
export class Windows {
  readonly origin: string;
  readonly #browser: Browser;
  readonly #opened: (Opened & { context: BrowserContext })[] = [];

  protected constructor(origin: string, browser: Browser) {
    this.origin = origin;
    this.#browser = browser;
  }

  static async over(origin: string): Promise<Windows> {
    return new Windows(origin, await chromium.launch({ executablePath, args }));
  }

  /** Opens a path of the page in a window of its own, with a token if one is given. */
  async open(
    path: string,
    { token, ...options }: Parameters<Browser['newContext']>[0] & { token?: string } = {},
  ): Promise<Opened> {
    const context = await this.#browser.newContext({
      viewport: { width: 1280, height: 800 },
      ...options,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    if (token !== undefined)
      await page.addInitScript(`sessionStorage.setItem('pinhole.token', '${token}')`);
    const complaints: string[] = [];
    const urls: string[] = [];
    listen(page, { origin: this.origin, complaints, urls });
    const opened = { page, complaints, urls };
    this.#opened.push({ ...opened, context });
    await page.goto(`${this.origin}${path}`);
    return opened;
  }

  /** Closes the windows of a test; fails if a page has complained. A failed test prints them. */
  async closeWindows({ task }: Pick<TestContext, 'task'>): Promise<void> {
    const opened = this.#opened.splice(0);
    for (const { page, context } of opened) {
      if (task.result?.state === 'fail') await print(task.name, page);
      await context.close();
    }
    expect(opened.flatMap(({ complaints }) => complaints)).toEqual([]);
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }
}

/** The same with a server in this process. */
export class TestBrowser extends Windows {
  service: Service;

  private constructor(service: Service, origin: string, browser: Browser) {
    super(origin, browser);
    this.service = service;
  }

  static async launch(...[config, options]: Parameters<typeof start>): Promise<TestBrowser> {
    const service = await start(config, options);
    await service.app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = service.app.server.address() as AddressInfo;
    const browser = await chromium.launch({ executablePath, args });
    return new TestBrowser(service, `http://127.0.0.1:${port}`, browser);
  }

  /** Another server on the same port, which knows nothing of the first one's filesystems. */
  async restart(): Promise<void> {
    await this.service.close();
    this.service = await start();
    await this.service.app.listen({ port: Number(new URL(this.origin).port), host: '127.0.0.1' });
  }

  /** A tenant of its own, with a token for all and one that may only read. */
  async tenant(name: string): Promise<{ all: string; readOnly: string }> {
    await this.must(201, 'POST', '/v1/tenants', { name });
    const tokenFor = async (scopes: string[]): Promise<string> =>
      (await this.must(201, 'POST', `/v1/tenants/${name}/tokens`, { scopes })).json.token;
    return { all: await tokenFor(['read', 'write']), readOnly: await tokenFor(['read']) };
  }

  api(method: string, path: string, json?: unknown) {
    return call(this.service, method, path, json === undefined ? {} : { json });
  }

  must(status: number, method: string, path: string, json?: unknown) {
    return must(this.service, status, method, path, json === undefined ? {} : { json });
  }

  override async close(): Promise<void> {
    await super.close();
    await this.service.close();
  }
}

/** What a person would have read when the test failed, for whoever reads the log of CI. */
async function print(test: string, page: Page): Promise<void> {
  const text = await page.innerText('body').catch((error: unknown) => String(error));
  process.stderr.write(`\n${test}\n${page.url()}\n${text}\n`);
}

function listen(
  page: Page,
  { origin, complaints, urls }: Omit<Opened, 'page'> & { origin: string },
): void {
  page.on('console', (message) => {
    // Chromium reports answers of 4xx and lost connections too. Views show both, so they are no
    // fault; connections to other origins are reported below.
    const ofNetwork = /^(Failed to load resource|WebSocket connection to)/;
    if (message.type() === 'error' && !ofNetwork.test(message.text()))
      complaints.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('request', (request) => {
    const url = request.url();
    urls.push(url);
    if (!url.startsWith(origin) && !url.startsWith('data:') && !url.startsWith('blob:'))
      complaints.push(`request to ${url}`);
  });
  page.on('websocket', (socket) => {
    urls.push(socket.url());
    if (!socket.url().startsWith(origin.replace('http', 'ws')))
      complaints.push(`WebSocket to ${socket.url()}`);
  });
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core finds on the page as it is, in words. */
export async function axeFindings(page: Page): Promise<string[]> {
  // By the debugger's protocol, so the content security policy of the page stays in force.
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { violations } = await (
      globalThis as unknown as {
        axe: {
          run(): Promise<{ violations: { id: string; help: string; nodes: { html: string }[] }[] }>;
        };
      }
    ).axe.run();
    return violations;
  });
  return found.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html }) => `${id}: ${help}: ${html.slice(0, 200)}`),
  );
}

/** Keeps a picture as an artefact of the run, under test-artifacts/. */
export async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `test-artifacts/${name}.png`, animations: 'disabled' });
}
