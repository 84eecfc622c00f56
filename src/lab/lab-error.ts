/** A mistake in a workload or in a request to run one, where it is, and what would be right. */
export interface Mistake {
  /** Line and column in the text, from 1; absent for a workload that was no text. */
  line?: number;
  column?: number;
  /** Its place in the document: actors.nic.loop.0.pin. */
  path: string;
  message: string;
}

const placeOf = ({ line, column, path }: Mistake): string => {
  const place = line === undefined ? '' : `line ${line}, column ${column}: `;
  return path === '' ? place : `${place}${path}: `;
};

export class LabError extends Error {
  override readonly name = 'LabError';
  readonly mistakes: readonly Mistake[];

  constructor(mistakes: readonly Mistake[]) {
    super(mistakes.map((mistake) => `${placeOf(mistake)}${mistake.message}`).join('\n'));
    this.mistakes = mistakes;
  }
}

/** Why a run was given up: a limit of the lab, not a mistake in the workload. */
export class RunError extends Error {
  override readonly name = 'RunError';
  readonly kind: 'events' | 'memory' | 'time' | 'cancelled' | 'stuck' | 'law';

  constructor(kind: RunError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}
