// Checks the fields of a workload together: the names that it uses exist, each pin is released,
// time passes in each loop, the files fit on the device.
import type { z } from 'zod';
import { operations } from '../kernel/ops/index.ts';
import { sizeBytesMin } from '../kernel/ops/mkfs.ts';
import { pageSize } from '../kernel/units.ts';
import { costsOf, isPerBlock, measuredKinds, timeOf } from './costs.ts';
import { type Distribution, greatestOf } from './distribution.ts';
import { noSuch } from './nearest.ts';
import {
  type Actor,
  type FileSpec,
  type Files,
  filesOf,
  namesOf,
  type Step,
  type Workload,
} from './schema.ts';

export type Path = readonly (string | number)[];
export interface Wrong {
  path: Path;
  message: string;
}
type Report = (path: Path, message: string) => void;

/** A device may have so many bytes: a run keeps it in memory. */
const deviceBytesMax = 2 ** 32;
const threadsMax = 2000;

export function wrongIn(workload: Workload): Wrong[] {
  const wrong: Wrong[] = [];
  const report: Report = (path, message) => void wrong.push({ path, message });
  const files = filesOf(workload);
  checkFilesystem(workload, report);
  const actors = Object.entries(workload.actors);
  if (actors.length === 0) report(['actors'], 'a workload has at least one actor');
  let threads = 0;
  for (const [name, actor] of actors) {
    threads += actor.count;
    checkActor(actor, workload, files, (path, message) =>
      report(['actors', name, ...path], message),
    );
  }
  if (threads > threadsMax)
    report(['actors'], `the actors have ${threads} threads together; ${threadsMax} is the maximum`);
  checkCosts(workload, report);
  if (Object.keys(workload.sweep ?? {}).length > 2)
    report(['sweep'], 'a sweep has one or two paths');
  return wrong;
}

function checkCosts(workload: Workload, report: Report): void {
  const { costs, filesystem } = workload;
  if (costs === 'linux') {
    if (!measuredKinds.includes(filesystem.kind))
      report(
        ['costs'],
        `there are measured costs for ${measuredKinds.join(' and ')}, not for ${filesystem.kind}; ` +
          'give the costs by operation',
      );
    return;
  }
  for (const [op, cost] of Object.entries(costsOf(workload))) {
    if (!operations.has(op)) report(['costs', op], noSuch('operation', op, [...operations.keys()]));
    else if (isPerBlock(cost) && op !== 'truncate')
      report(['costs', op, 'perBlock'], `only truncate has a cost per block, not ${op}`);
  }
}

function checkFilesystem({ filesystem }: Workload, report: Report): void {
  const { sizeBytes, files } = filesystem;
  if (sizeBytes < sizeBytesMin || sizeBytes > deviceBytesMax || sizeBytes % pageSize !== 0)
    report(
      ['filesystem', 'sizeBytes'],
      `must be a multiple of ${pageSize} from ${sizeBytesMin} to ${deviceBytesMax}`,
    );
  let taken = 0;
  for (const { sizeBytes: size, count = 1, fill } of Object.values(files))
    if (fill === 'written' || fill === 'allocated') taken += size * count;
  if (taken >= sizeBytes)
    report(['filesystem', 'files'], `the files have ${taken} bytes; the device has ${sizeBytes}`);
}

function checkActor(
  actor: Actor,
  workload: Workload,
  files: Map<string, FileSpec[]>,
  report: Report,
): void {
  let pins = 0;
  let hasFile = false;
  for (const [index, step] of actor.loop.entries()) {
    const path = ['loop', index, step.kind];
    const given = operations.has(step.kind) ? (step.value as { file?: Files }).file : undefined;
    if (given !== undefined)
      checkFiles(given, files, (more, message) => report([...path, 'file', ...more], message));
    hasFile ||= given !== undefined;
    const on = step.kind === 'create' ? 'file' : operations.get(step.kind)?.on;
    if ((on === 'file' || on === 'mapping') && !hasFile) {
      report(path, 'no step before this one names a file, so it must');
      hasFile = true;
    }
    const isRare = step.every !== 1 || step.chance !== 1;
    if (isRare && (step.kind === 'hold' || step.kind === 'pin' || step.kind === 'unpin'))
      report(path, 'pin, hold and unpin happen in each round; give every or chance to other steps');
    if (step.kind === 'pin') pins += 1;
    else if (step.kind === 'unpin') pins -= 1;
    if (
      pins < 0 ||
      ((step.kind === 'hold' || on === 'pin') && step.kind !== 'unpin' && pins === 0)
    ) {
      report(path, 'the actor has no pin here; a pin comes before it in the loop');
      pins = 0;
    }
    checkArgs(step, files, report, path);
  }
  if (pins > 0) report(['loop'], `a round takes ${pins} more pins than it releases; add unpin`);
  if (actor.periodMs === undefined && !actor.loop.some((step) => takesTime(step, workload)))
    report(['loop'], 'a round takes no time; add think, hold or periodMs');
}

function takesTime({ kind, value }: Step, workload: Workload): boolean {
  if (greatestOf(timeOf(costsOf(workload)[kind])) > 0) return true;
  if (kind === 'think') return greatestOf(value as Distribution) > 0;
  return kind === 'hold' && greatestOf(holdOf(value).time) > 0;
}

export const holdOf = (value: unknown): { time: Distribution; transfers: number } =>
  typeof value === 'object' && value !== null && 'time' in value
    ? (value as { time: Distribution; transfers: number })
    : { time: value as Distribution, transfers: 1 };

function checkFiles(given: Files, files: Map<string, FileSpec[]>, report: Report): void {
  const at = (index: number): Path => {
    if (typeof given === 'string') return [];
    return 'any' in given ? ['any', index] : [index];
  };
  for (const [index, name] of namesOf(given).names.entries())
    if (!files.has(name)) report(at(index), noSuch('file', name, [...files.keys()]));
}

/** Arguments that the lab gives: where in the file, and the name of a file that is created. */
const given = new Set(['offset', 'name', 'sizeBytes']);

function checkArgs(step: Step, files: Map<string, FileSpec[]>, report: Report, path: Path): void {
  const operation = operations.get(step.kind);
  if (operation === undefined) return;
  const args = step.value as Record<string, unknown>;
  if ('length' in args && 'pages' in args)
    report([...path, 'pages'], 'the step has length and pages; give one of them');
  const other = args.with;
  if (step.kind === 'exchange-range' && typeof other === 'string' && !files.has(other))
    report([...path, 'with'], noSuch('file', other, [...files.keys()]));
  if ((step.kind === 'write' || step.kind === 'store') && !('length' in args) && !('pages' in args))
    report(path, 'needs length or pages: how many bytes are written');
  const shape = (operation.args as z.ZodObject).shape;
  const isGiven = (field: string): boolean =>
    field in args || given.has(field) || (field === 'length' && 'pages' in args);
  for (const [field, schema] of Object.entries(shape))
    if (!isGiven(field) && !(schema as z.ZodType).safeParse(undefined).success)
      report(path, `needs ${field === 'length' ? 'length or pages' : field}`);
  for (const field of ['length', 'pages'])
    if (field in args && greatestOf(args[field] as Distribution) === 0)
      report([...path, field], 'must be above 0');
}
