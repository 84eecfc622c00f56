// The shape of an operation. One file a operation holds its contract, its doc and its body; route,
// validation, OpenAPI, static types and metric labels are derived from the registry in `index.ts`.
import type { z } from 'zod';
import type { Errno, Failure } from '../errno.ts';
import { failure } from '../errno.ts';
import type { Kernel, Task } from '../state.ts';

/** What a step tells the run loop. */
export type Verdict =
  | { kind: 'goto'; step: string }
  /** The step has already put the task on a queue; it resumes at `resume` when woken. */
  | { kind: 'wait'; resume: string }
  | { kind: 'done'; result: unknown }
  | { kind: 'fail'; failure: Failure };

export const goto = (step: string): Verdict => ({ kind: 'goto', step });
export const wait = (resume: string): Verdict => ({ kind: 'wait', resume });
export const done = (result: unknown): Verdict => ({ kind: 'done', result });
export const fail = (
  errno: Errno,
  rule: string,
  why: string,
  more: Pick<Failure, 'blockedBy' | 'cycle'> = {},
): Verdict => ({
  kind: 'fail',
  failure: { ...failure(errno, rule, why), ...more },
});

/** A task whose arguments are known to have gone through the operation's schema. */
export type TaskOf<Args> = Task & { args: Args };
export type Step<Args> = (k: Kernel, task: TaskOf<Args>) => Verdict;

export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the thing it acts on; '' is the thing itself. */
  path: string;
  /** Status of success. */
  status: 200 | 201;
}

export interface Operation<Args = unknown> {
  name: string;
  summary: string;
  doc: string;
  /**
   * The thing in the URL. `filesystem` is `/v1/filesystems/{fs}`, `file` is `…/files/{file}`, and
   * so on.
   */
  on: 'filesystem' | 'file' | 'mapping' | 'pin' | 'operation';
  route: Route;
  /**
   * `bytes`: the body is application/octet-stream and the arguments stand in the query. `none`:
   * only a query.
   */
  body: 'json' | 'bytes' | 'none';
  reply: 'json' | 'bytes';
  args: z.ZodType<Args>;
  result: z.ZodType;
  errors: readonly Errno[];
  /** It may sleep, so it takes `nowait`, `timeoutMs`, `failOnDeadlock` and `Prefer`. */
  sleeps: boolean;
  /** Runs at once even where the scheduler is stepped: one step, no lock. */
  atomic: boolean;
  /** What it adds to a tenant's bill, checked before it is accepted. */
  charges?: 'files' | 'mappings' | 'pins';
  /**
   * It adds: contents, blocks, or things that live on. A server whose disk is full does not take
   * it.
   */
  grows?: true;
  /** Never refused because the table of operations is full: it is how that empties. */
  unbounded?: true;
  first: string;
  steps: Record<string, Step<Args>>;
  /**
   * Called when the task ends by failure or signal, before its locks are released: undo what must
   * not stay.
   */
  undo?: (k: Kernel, task: TaskOf<Args>) => void;
}

type OperationInput<A extends z.ZodType> = Omit<Operation<z.infer<A>>, 'args'> & { args: A };

export function defineOp<A extends z.ZodType>(op: OperationInput<A>): Operation {
  // The registry holds operations of every argument type; the run loop hands each its own parsed
  // arguments.
  return op as unknown as Operation;
}
