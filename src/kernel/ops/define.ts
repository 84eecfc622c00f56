// The interface of an operation: a contract, from which route, validation, OpenAPI, static types
// and metric labels are derived, and a body, which the run loop runs.
import type { z } from 'zod';
import type { Errno, Failure } from '../errno.ts';
import { failure } from '../errno.ts';
import type { Media, Scope } from '../records/contract.ts';
import type { Kernel, Task, TaskLocals } from '../state.ts';

/** What the run loop does next. `Name` is a step of the same operation. */
export type Verdict<Name extends string = string, Result = unknown> =
  | { kind: 'goto'; step: Name }
  /** The step has already put the task on a queue; it resumes at `resume` when woken. */
  | { kind: 'wait'; resume: Name }
  | { kind: 'done'; result: Result }
  | { kind: 'fail'; failure: Failure };

export const goto = <Name extends string>(step: Name): Verdict<Name, never> => ({
  kind: 'goto',
  step,
});
export const wait = <Name extends string>(resume: Name): Verdict<Name, never> => ({
  kind: 'wait',
  resume,
});
export const done = <Result>(result: Result): Verdict<never, Result> => ({ kind: 'done', result });
export const fail = (
  errno: Errno,
  rule: string,
  why: string,
  more: Pick<Failure, 'blockedBy' | 'cycle'> = {},
): Verdict<never, never> => failWith({ ...failure(errno, rule, why), ...more });
export const failWith = (why: Failure): Verdict<never, never> => ({ kind: 'fail', failure: why });

/**
 * A task as its own steps see it: its arguments were parsed by the schema of the operation, and its
 * locals are those that the operation declares.
 */
export type TaskOf<Args = unknown, Locals extends object = object> = Task & {
  args: Args;
  locals: Locals & TaskLocals;
};
export type Step<
  Args = unknown,
  Locals extends object = object,
  Name extends string = string,
  Result = unknown,
> = (k: Kernel, task: TaskOf<Args, Locals>) => Verdict<Name, Result>;

export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Relative to the thing that it acts on; '' is the thing itself. */
  path: string;
  /** The status of a success. */
  status: 200 | 201;
}

/** The static description of an operation. */
export interface Contract<Args = unknown, Result = unknown> {
  name: string;
  summary: string;
  doc: string;
  on: Scope;
  route: Route;
  args: z.ZodType<Args>;
  result: z.ZodType<Result>;
  errors: readonly Errno[];
  /** The body of the request. With `bytes` or null the arguments are in the query. */
  takes: Media | null;
  gives: Media;
  /**
   * It may sleep, so it accepts `nowait`, `timeoutMs`, `failOnDeadlock` and `Prefer`. If false, it
   * has one step, takes no lock, and runs at once even if the scheduler is stepped.
   */
  waits: boolean;
  /**
   * The answer is the content of the thing: it has the ETag of the thing, and a matching
   * If-None-Match gives 304. The result has `etag`.
   */
  etag: boolean;
  /**
   * Range and If-Range select a part: they become the arguments `offset` and `length`. The result
   * has `data` and `sizeBytes`.
   */
  range: boolean;
  /** PATCH with Content-Range writes a part: its first byte becomes the argument `offset`. */
  patch: boolean;
  /** The quota of the tenant that it counts against, checked before it is accepted. */
  charges: 'files' | 'mappings' | 'pins' | null;
  /**
   * It adds contents, blocks or objects that stay, so a server whose disk or memory is full refuses
   * it.
   */
  grows: boolean;
  /** Accepted although the table of operations is full, because it frees what others wait for. */
  unbounded: boolean;
  /**
   * True if with these arguments it also removes a stopped filesystem, whose kernel runs nothing
   * any more.
   */
  removesStopped(args: Args): boolean;
}

/** The steps of an operation. */
export interface Body<
  Args = unknown,
  Locals extends object = object,
  Name extends string = string,
  Result = unknown,
> {
  first: Name;
  steps: Readonly<Record<Name, Step<Args, Locals, Name, Result>>>;
  /**
   * Called when the task ends by failure or signal, before its locks are released. It must undo all
   * partial state.
   */
  undo?(k: Kernel, task: TaskOf<Args, Locals>): void;
}

export interface Operation extends Contract, Body {
  steps: Readonly<Record<string, Step>>;
}

type Facts = 'name' | 'summary' | 'doc' | 'on' | 'route';
type Schemas<A extends z.ZodType, R extends z.ZodType> = { args: A; result: R };
type HasOffset<A extends z.ZodType> =
  z.infer<A> extends { offset?: number | undefined } ? true : never;

/**
 * A contract as an operation declares it. Absent fields get the value that most operations have.
 */
export type ContractInput<A extends z.ZodType, R extends z.ZodType> = Pick<Contract, Facts> &
  Schemas<A, R> &
  Partial<Pick<Contract, 'takes' | 'gives' | 'charges'>> & {
    /** In addition to the errors of its scope and of waiting. */
    errors?: readonly Errno[];
    etag?: true;
    range?: HasOffset<A>;
    patch?: HasOffset<A>;
    grows?: true;
    unbounded?: true;
    removesStopped?(args: z.infer<A>): boolean;
  };

/**
 * An operation of several steps, which may sleep between them. `locals` is what a task remembers
 * between steps; it begins empty, so each field is optional.
 */
export function defineOp<
  A extends z.ZodType,
  R extends z.ZodType,
  Name extends string,
  Locals extends object = object,
>(
  op: ContractInput<A, R> & {
    locals?: Locals;
    first: NoInfer<Name>;
    steps: {
      [S in Name]: (
        k: Kernel,
        task: TaskOf<z.infer<A>, NoInfer<Locals>>,
      ) => Verdict<NoInfer<Name>, z.input<NoInfer<R>>>;
    };
    undo?(k: Kernel, task: TaskOf<z.infer<A>, NoInfer<Locals>>): void;
  },
): Operation {
  const { locals: _, ...rest } = op;
  return erased({ ...defaults(op), ...rest, errors: errorsOf(op, { waits: true }), waits: true });
}

/** An operation of one step that never sleeps. */
export function defineAtomic<A extends z.ZodType, R extends z.ZodType>({
  run,
  ...contract
}: ContractInput<A, R> & {
  run(k: Kernel, task: TaskOf<z.infer<A>>): Verdict<never, z.input<NoInfer<R>>>;
}): Operation {
  return erased({
    ...defaults(contract),
    ...contract,
    errors: errorsOf(contract, { waits: false }),
    waits: false,
    first: 'run',
    steps: { run },
  });
}

/**
 * Errors of a command whose target does not exist. A filesystem is looked up before its kernel is
 * called.
 */
const ofScope: Readonly<Record<Scope, readonly Errno[]>> = {
  filesystem: [],
  file: ['ENOENT'],
  mapping: ['ENOENT'],
  pin: ['ENOENT'],
  operation: ['ENOENT'],
};
/**
 * EAGAIN: the table of operations is full, or the request says nowait. EDEADLK: it says
 * failOnDeadlock. ENODEV: the filesystem was unmounted or power-cycled. EDQUOT: the quota of
 * sleepers or blocks is used up.
 */
const ofWaiting: readonly Errno[] = ['EAGAIN', 'EDEADLK', 'ENODEV', 'EDQUOT'];

function errorsOf(
  { on, charges = null, errors = [] }: Partial<Contract> & { on: Scope },
  { waits }: { waits: boolean },
): readonly Errno[] {
  const charged: readonly Errno[] = charges === null ? [] : ['EDQUOT'];
  // Every command can fail because its precondition does not hold.
  const common: readonly Errno[] = ['ESTALE'];
  const waiting = waits ? ofWaiting : [];
  return [...new Set([...ofScope[on], ...common, ...waiting, ...charged, ...errors])];
}

function defaults({ route }: { route: Route }) {
  const takes: Media | null = route.method === 'GET' || route.method === 'DELETE' ? null : 'json';
  return {
    takes,
    gives: 'json' as const,
    etag: false,
    range: false,
    patch: false,
    charges: null,
    grows: false,
    unbounded: false,
    removesStopped: () => false,
  };
}

/**
 * The registry holds operations of every argument type. That is safe, because the run loop gives
 * each only arguments that its own schema parsed and locals that it made.
 */
const erased = (op: object): Operation => op as Operation;
