// Shared by all layout changes besides their steps: contract, result and errors. Each is POST
// …/files/{file}/{name}.
import type { z } from 'zod';
import type { Errno } from '../errno.ts';
import { defineOp, type Operation } from './define.ts';
import {
  type LayoutChange,
  type LayoutLocals,
  layoutResult,
  layoutSteps,
  undoLayout,
} from './layout-change.ts';

/** The strategy refuses, or a signal ends the wait. */
export const layoutErrors = ['EBUSY', 'EINTR'] as const satisfies readonly Errno[];

interface LayoutOperation<A extends z.ZodType> {
  name: string;
  summary: string;
  doc: string;
  args: A;
  change: LayoutChange<z.infer<A>>;
  grows?: true;
  /** Errors besides those of every layout change. */
  errors: readonly Errno[];
}

export function defineLayoutOp<A extends z.ZodType>({
  change,
  errors,
  ...op
}: LayoutOperation<A>): Operation {
  return defineOp({
    ...op,
    on: 'file',
    locals: {} as LayoutLocals,
    route: { method: 'POST', path: op.name, status: 200 },
    result: layoutResult,
    errors: [...layoutErrors, ...errors],
    first: 'lock',
    steps: layoutSteps(change),
    undo: undoLayout(change),
  });
}
