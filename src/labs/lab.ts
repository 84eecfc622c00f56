// One lab of a tenant.
import type { LabRecord } from '../durable/records.ts';
import type { LabPlan } from '../lab/lab.ts';
import type { Tenant } from '../tenants/tenants.ts';

export interface Lab {
  readonly tenant: Tenant;
  /** What is stored, and the progress of its runs. */
  record: LabRecord;
  /** Its end is on the way to the disk, so nothing else can end it. */
  ending: boolean;
  /** Null before the check, and after the end. */
  plan: LabPlan | null;
  /** Ends its runs. */
  readonly abort: AbortController;
  /** Called once, when it has ended or was removed. */
  readonly watchers: Set<() => void>;
  /** Releases the memory that its runs take. */
  release: () => void;
  /** Releases the memory of its result, if the server has no disk. */
  free: () => void;
}

export const labId = (number: number): string => `lab_${number}`;

/** Null if it is no id of a lab. */
export function labNumber(id: string): number | null {
  const digits = /^lab_([1-9]\d{0,14})$/.exec(id)?.[1];
  return digits === undefined ? null : Number(digits);
}

export const hasEnded = ({ state }: LabRecord): boolean =>
  state !== 'queued' && state !== 'running';
