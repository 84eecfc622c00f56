// What the server answers to a request that it refuses.

// biome-ignore lint/plugin: for an import statement the linter infers 13,000 lines and gives up.
type Schemas = import('../../openapi/api.d.ts').components['schemas'];
export type Problem = Schemas['Problem'];
export type OperationRecord = Schemas['Operation'];

/** The server refused a request: `problem` says why, with `errno` and `rule` where they apply. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused';
  readonly status: number;
  readonly problem: Partial<Problem>;

  constructor(status: number, problem: Partial<Problem>) {
    super(`${status}: ${problem.detail ?? problem.title ?? 'the server gave no reason'}`);
    this.status = status;
    this.problem = problem;
  }
}

/** An operation that was accepted has ended, but not done: `operation.problem` has the errno. */
export class OperationFailed extends Error {
  override readonly name = 'OperationFailed';
  readonly operation: OperationRecord;

  constructor(operation: OperationRecord) {
    const { id, op, state, problem } = operation;
    super(`${op} ${id} ${state}${problem ? `: ${problem.errno}, ${problem.detail}` : ''}`);
    this.operation = operation;
  }
}
