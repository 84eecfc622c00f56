// A wire between the store and PostgreSQL that can be cut and held, by the number of the statement.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A statement is cut off before the database gets it, or after it; or no answer comes through. */
export type Fault = 'before' | 'after' | 'held';
export const faults: readonly Fault[] = ['before', 'after', 'held'];

/** The first byte of the message with which a statement begins: Parse, Bind or Query. */
const begins = new Set(['P', 'B', 'Q'].map((letter) => letter.charCodeAt(0)));

export class Wire {
  readonly #server: Server;
  readonly #target: string;
  readonly #pairs = new Set<{ near: Socket; far: Socket }>();
  /** Called with the number of each statement of all connections. */
  onStatement: (number: number) => Fault | null = () => null;
  #statements = 0;
  #isHeld = false;

  private constructor(server: Server, target: string) {
    this.#server = server;
    this.#target = target;
  }

  /** `target` is the path of the socket of the database. */
  static async to(target: string): Promise<Wire> {
    const server = createServer();
    const wire = new Wire(server, target);
    server.on('connection', (near) => wire.#join(near));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return wire;
  }

  url(database = 'pinhole'): string {
    const { port } = this.#server.address() as AddressInfo;
    return `postgres://pinhole@127.0.0.1:${port}/${database}`;
  }

  get statements(): number {
    return this.#statements;
  }

  /** Nothing reaches the database until release(); then everything does. */
  hold(): void {
    this.#isHeld = true;
    for (const { near } of this.#pairs) near.pause();
  }

  release(): void {
    this.#isHeld = false;
    for (const { near } of this.#pairs) near.resume();
  }

  #join(near: Socket): void {
    const far = connect(this.#target);
    const pair = { near, far };
    this.#pairs.add(pair);
    if (this.#isHeld) near.pause();
    let isMute = false;
    const end = () => {
      this.#pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) socket.on('error', end).on('close', end);
    near.on('data', (data) => {
      const isStatement = begins.has(data[0] as number);
      if (isStatement) this.#statements += 1;
      const fault = isStatement ? this.onStatement(this.#statements) : null;
      if (fault === 'before') return end();
      far.write(data);
      if (fault !== null) isMute = true;
      // The database runs the statement before it sees the end of the connection.
      if (fault === 'after') near.destroySoon();
    });
    far.on('data', (data) => {
      if (!isMute) near.write(data);
    });
  }

  async close(): Promise<void> {
    for (const { near, far } of this.#pairs) {
      near.destroy();
      far.destroy();
    }
    this.#server.close();
    await once(this.#server, 'close');
  }
}
