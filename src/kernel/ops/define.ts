// The shape of an operation: a contract, from which route, validation, OpenAPI, static types and
// metric labels are derived, and a body, which the run loop runs.
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
 * A task as the steps of its operation see it: its arguments have gone through the operation's
 * schema, and it has no locals but those that the operation declares.
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
  /** Below the thing it acts on; '' is the thing itself. */
  path: string;
  /** Status of success. */
  status: 200 | 201;
}

/** What can be known of an operation without running it. */
export interface Contract<Args = unknown, Result = unknown> {
  name: string;
  summary: string;
  doc: string;
  on: Scope;
  route: Route;
  args: z.ZodType<Args>;
  result: z.ZodType<Result>;
  errors: readonly Errno[];
  /** The body of the request; with `bytes` the arguments stand in the query, as with null. */
  takes: Media | null;
  gives: Media;
  /**
   * It may sleep, so it takes `nowait`, `timeoutMs`, `failOnDeadlock` and `Prefer`. What does not
   * wait runs at once even where the scheduler is stepped: one step, no lock.
   */
  waits: boolean;
  /**
   * The answer is the content of the thing: it carries the ETag of the thing, and If-None-Match is
   * answered 304. The result has `etag`.
   */
  etag: boolean;
  /**
   * Range and If-Range choose a part: they become the arguments `offset` and `length`. The result
   * has `data` and `sizeBytes`.
   */
  range: boolean;
  /** PATCH with Content-Range writes a part: its first byte becomes the argument `offset`. */
  patch: boolean;
  /** What it adds to a tenant's bill, checked before it is accepted. */
  charges: 'files' | 'mappings' | 'pins' | null;
  /**
   * It adds contents, blocks, or things that live on: a server whose disk or memory is full refuses
   * it.
   */
  grows: boolean;
  /** Accepted although the table of operations is full, because it is how the table empties. */
  unbounded: boolean;
  /**
   * With these arguments it also removes a filesystem that stopped, whose kernel runs nothing any
   * more.
   */
  removesStopped(args: Args): boolean;
}

/** How it runs. */
export interface Body<
  Args = unknown,
  Locals extends object = object,
  Name extends string = string,
  Result = unknown,
> {
  first: Name;
  steps: Readonly<Record<Name, Step<Args, Locals, Name, Result>>>;
  /**
   * Called when the task ends by failure or signal, before its locks are released: undo what must
   * not stay.
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

/** A contract as it is written. Fields that are left out have the value of most operations. */
export type ContractInput<A extends z.ZodType, R extends z.ZodType> = Pick<Contract, Facts> &
  Schemas<A, R> &
  Partial<Pick<Contract, 'takes' | 'gives' | 'charges'>> & {
    /** Beside those of its scope, and of waiting. */
    errors?: readonly Errno[];
    etag?: true;
    range?: HasOffset<A>;
    patch?: HasOffset<A>;
    grows?: true;
    unbounded?: true;
    removesStopped?(args: z.infer<A>): boolean;
  };

/**
 * An operation of several steps, which may sleep between them. `locals` is what a task of it
 * remembers from step to step; it begins with none, so each is optional.
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

/** A command that names what is not there. A filesystem is looked up before its kernel is asked. */
const ofScope: Readonly<Record<Scope, readonly Errno[]>> = {
  filesystem: [],
  file: ['ENOENT'],
  mapping: ['ENOENT'],
  pin: ['ENOENT'],
  operation: ['ENOENT'],
};
/**
 * The table of operations is full or `nowait` was asked for, `failOnDeadlock` was asked for, the
 * filesystem went away, the quota of sleepers or blocks is used up.
 */
const ofWaiting: readonly Errno[] = ['EAGAIN', 'EDEADLK', 'ENODEV', 'EDQUOT'];

function errorsOf(
  { on, charges = null, errors = [] }: Partial<Contract> & { on: Scope },
  { waits }: { waits: boolean },
): readonly Errno[] {
  const charged: readonly Errno[] = charges === null ? [] : ['EDQUOT'];
  // Of every command: its precondition does not hold.
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
 * The registry holds operations of every argument type. The run loop hands each the arguments and
 * locals that it made itself.
 */
const erased = (op: object): Operation => op as Operation;
