// Nodes of a cluster in this process, on a database in memory. They speak HTTP with each other.
import { pino } from 'pino';
import { type Config, defaultConfig } from '../../src/config.ts';
import { createService, type Service } from '../../src/server.ts';
import { ClusterMemory, type ClusterMemoryStore } from './cluster-memory.ts';

export interface TestNode {
  name: string;
  url: string;
  service: Service;
  store: ClusterMemoryStore;
}

/** Short, because tests wait for it; long enough for a busy machine between two beats. */
const leaseMs = 1500;

export class TestCluster {
  readonly shared = new ClusterMemory();
  readonly nodes: TestNode[] = [];

  async add(name: string, overrides: Partial<Config> = {}): Promise<TestNode> {
    const store = this.shared.open(name);
    const config = defaultConfig({ nodeId: name, leaseMs, drainMs: 200, port: 0, ...overrides });
    const service = await createService(config, {
      logger: pino({ level: process.env.TEST_LOG ?? 'silent' }),
      openStore: async () => store,
      checkReplies: true,
    });
    await service.app.listen({ host: '127.0.0.1', port: 0 });
    const address = service.app.server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const node = { name, url: `http://127.0.0.1:${port}`, service, store };
    this.nodes.push(node);
    return node;
  }

  async stop(): Promise<void> {
    for (const { store } of this.nodes) store.away = false;
    await Promise.all(this.nodes.map(({ service }) => service.close()));
  }
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // Tests look into bodies of every shape.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  json: any;
}

export async function ask(
  { url }: Pick<TestNode, 'url'>,
  method: string,
  path: string,
  init: { json?: unknown; body?: BodyInit; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { json, body = json === undefined ? undefined : JSON.stringify(json) } = init;
  const type = json === undefined ? {} : { 'content-type': 'application/json' };
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: { ...type, ...init.headers },
    redirect: 'manual',
    ...(body === undefined ? {} : { body, duplex: 'half' }),
  });
  const text = await answer.text();
  const isJson = /[/+]json\b/.test(answer.headers.get('content-type') ?? '');
  const parsed = isJson && text !== '' ? JSON.parse(text) : null;
  return { status: answer.status, headers: answer.headers, text, json: parsed };
}

/** Repeats what is refused while an owner changes, as a client does. */
export async function insist(...request: Parameters<typeof ask>): Promise<Answer> {
  const until = performance.now() + 60_000;
  for (;;) {
    const answer = await ask(...request);
    if (answer.status !== 503 || performance.now() > until) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
