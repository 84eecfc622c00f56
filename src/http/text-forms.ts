// Views that also have a form for other programs, by Accept or by `?format=`.
import { z } from 'zod';
import { preferredType } from './accept.ts';
import { type Answer, jsonType } from './contract.ts';
import { dotOf } from './graph/dot.ts';
import type { WaitGraph } from './graph/graph.ts';
import { mermaidOf } from './graph/mermaid.ts';

export interface TextForm {
  type: string;
  /** `cursor` is where in the event stream the result is true. */
  write(result: unknown, cursor: string): string;
}

/** By the name of the view, and by the value of `format`. */
const table: Readonly<Record<string, Readonly<Record<string, TextForm>>>> = {
  'wait-graph': {
    dot: {
      type: 'text/vnd.graphviz',
      write: (result, cursor) => dotOf(result as WaitGraph, cursor),
    },
    mermaid: {
      type: 'text/vnd.mermaid',
      write: (result, cursor) => mermaidOf(result as WaitGraph, cursor),
    },
  },
};

export class TextForms {
  readonly #forms: Readonly<Record<string, TextForm>>;
  readonly #types: readonly string[];

  constructor(forms: Readonly<Record<string, TextForm>>) {
    this.#forms = forms;
    this.#types = [jsonType, ...Object.values(forms).map(({ type }) => type)];
  }

  /** The query of a view, with `format`. */
  queryWith(query: z.ZodType): z.ZodType {
    const names = ['json', ...Object.keys(this.#forms)];
    const format = z
      .enum(names)
      .optional()
      .describe('Takes precedence over the header Accept, for links in a browser.');
    return (query as z.ZodObject).extend({ format });
  }

  get content(): Answer['content'] {
    return Object.fromEntries(
      Object.values(this.#forms).map(({ type }) => [type, 'text' as const]),
    );
  }

  /** Null is JSON, which a client that accepts none of the types gets too. */
  chosen(format: string | undefined, accept: string | undefined): TextForm | null {
    if (format !== undefined) return this.#forms[format] ?? null;
    const type = preferredType(accept, this.#types);
    return Object.values(this.#forms).find((form) => form.type === type) ?? null;
  }
}

/** Null for a view that is only JSON. */
export const textFormsOf = (view: string): TextForms | null =>
  table[view] === undefined ? null : new TextForms(table[view]);
