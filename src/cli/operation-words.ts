// The commands of operations in words: a summary, an example and the result as a sentence. Arguments
// and options come from the operations themselves. The registry reads this file for its rows, so it
// imports nothing large.
import type { OperationWords } from './lib/operation.ts';
import { columns } from './lib/output.ts';
import type { Schemas } from './lib/schemas.ts';
import { sizeText, sizeWords, timeText } from './lib/sizes.ts';

type Group = 'file' | 'Memory' | 'Device' | 'Waits' | 'Time';

/** Where the command stands: in `pinhole file`, or in this group of `pinhole`. */
export interface PlacedWords extends OperationWords {
  group: Group;
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

type Layout = Schemas['BlocksResult'];

/** What a layout change did with blocks, and how long it slept. */
function blocksText({ blocksFreed, blocksBusy, blocksDetached, sleptMs }: Layout): string {
  const parts = [
    `${plural(blocksFreed, 'block')} freed`,
    ...(blocksBusy > 0 ? [`${blocksBusy} busy`] : []),
    ...(blocksDetached > 0 ? [`${blocksDetached} detached`] : []),
    ...(sleptMs > 0 ? [`slept ${timeText(sleptMs)}`] : []),
  ];
  return parts.join(', ');
}

const layout = (result: Layout, file: string): string =>
  `${file} has ${sizeWords(result.sizeBytes)}: ${blocksText(result)}`;

const placed = <R>(
  group: Group,
  summary: string,
  example: string,
  tell: (result: R, target: string) => string,
  command?: string,
): PlacedWords => ({
  group,
  summary,
  examples: [example],
  tell: tell as PlacedWords['tell'],
  ...(command === undefined ? {} : { command }),
});

const inFile = (summary: string, example: string): PlacedWords =>
  placed<Layout>('file', summary, example, layout);

const bytesAreShown = (): string => '';

/** By the name of the operation, in the order of the help. */
export const operationWords: Readonly<Record<string, PlacedWords>> = {
  create: placed<Schemas['File']>(
    'file',
    'creates a file',
    'pinhole file create e --size 1M',
    ({ name, ino, sizeBytes }) => `${name} is inode ${ino} and has ${sizeWords(sizeBytes)}`,
  ),
  read: placed(
    'file',
    'reads bytes of a file',
    'pinhole file read a --offset 4K --length 16',
    bytesAreShown,
  ),
  write: placed<Schemas['WriteResult']>(
    'file',
    'writes bytes to a file',
    'pinhole file write a --offset 4K --byte 0x41 --size 8K',
    ({ bytesWritten, sizeBytes }, file) =>
      `${sizeWords(bytesWritten)} written; ${file} has ${sizeWords(sizeBytes)}`,
  ),
  truncate: inFile('sets the size of a file', 'pinhole file truncate b 4K --wait 10s'),
  'punch-hole': inFile('removes the blocks of a range', 'pinhole file punch-hole b 8K 2p'),
  allocate: inFile('allocates blocks for a range', 'pinhole file allocate b 64K 64K --keep-size'),
  'zero-range': inFile('zeroes a range', 'pinhole file zero-range b 8K 4K'),
  'collapse-range': inFile(
    'removes a range and closes the gap',
    'pinhole file collapse-range b 4K 4K',
  ),
  'insert-range': inFile('inserts a hole', 'pinhole file insert-range b 4K 4K'),
  'exchange-range': placed<Schemas['ExchangeRangeResult']>(
    'file',
    'exchanges ranges of two files',
    'pinhole file exchange-range b c 0 0 4K',
    ({ sizeBytes, withSizeBytes, sleptMs }, file) =>
      `${file} has ${sizeWords(sizeBytes)}, the other file ${sizeWords(withSizeBytes)}` +
      (sleptMs > 0 ? `; slept ${timeText(sleptMs)}` : ''),
  ),
  seek: placed<Schemas['SeekResult']>(
    'file',
    'finds the next data or hole',
    'pinhole file seek a hole',
    ({ offset }) => String(offset),
  ),
  fiemap: placed<Schemas['FiemapResult']>(
    'file',
    'lists the extents by the system call, which takes locks',
    'pinhole file fiemap a',
    ({ extents }) =>
      columns(
        ['logical', 'physical', 'length', 'flags'],
        extents.map(({ fe_logical, fe_physical, fe_length, fe_flags }) => [
          fe_logical,
          fe_physical,
          fe_length,
          `0x${fe_flags.toString(16)}`,
        ]),
      ),
  ),
  rename: placed<Schemas['RenameResult']>(
    'file',
    'renames a file',
    'pinhole file rename b e',
    ({ name, ino }, file) => `${file} is now ${name} (inode ${ino})`,
  ),
  unlink: placed<Layout>(
    'file',
    'removes a file',
    'pinhole file rm b',
    (result, file) => `${file} is removed: ${blocksText(result)}`,
    'rm',
  ),

  mmap: placed<Schemas['MmapResult']>(
    'Memory',
    'maps a range of a file',
    'pinhole map a 0 64K read-write',
    ({ id, file, offset, length, access }) =>
      `${id} maps ${file}, ${sizeText(length)} from ${sizeText(offset)}, ${access}`,
    'map',
  ),
  munmap: placed<Schemas['MunmapResult']>(
    'Memory',
    'removes a mapping',
    'pinhole unmap map_1',
    ({ pagesUnmapped }, mapping) =>
      `${mapping} is removed: ${plural(pagesUnmapped, 'page')} unmapped`,
    'unmap',
  ),
  fault: placed<Schemas['FaultResult']>(
    'Memory',
    'faults in pages of a mapping',
    'pinhole fault map_1 0 write --length 16p',
    ({ pages, pagesOmitted }) =>
      columns(
        ['page', 'pfn', 'zero page'],
        pages.map(({ pgoff, pfn, zeroPage }) => [pgoff, pfn, zeroPage ? 'yes' : 'no']),
      ) + (pagesOmitted === undefined || pagesOmitted === 0 ? '' : `\n… ${pagesOmitted} more`),
  ),
  load: placed(
    'Memory',
    'loads bytes of a mapping',
    'pinhole load map_1 --length 16',
    bytesAreShown,
  ),
  store: placed<Schemas['StoreResult']>(
    'Memory',
    'stores bytes to a mapping',
    'pinhole store map_1 --byte 0x42 --size 4K',
    ({ bytesStored }, mapping) => `${sizeWords(bytesStored)} stored to ${mapping}`,
  ),
  flush: placed<Schemas['FlushResult']>(
    'Memory',
    'flushes stores of a mapping',
    'pinhole flush map_1 --how clwb',
    ({ linesFlushed }) => `${plural(linesFlushed, 'cache line')} flushed`,
  ),
  pin: placed<Schemas['PinResult']>(
    'Memory',
    'pins pages, as get_user_pages does',
    'pinhole pin map_1 8K 4K write --owner nic --kind direct-io',
    ({ id, bytesPinned, file, access, kind }) =>
      `${id} holds ${plural(bytesPinned / 4096, 'page')} of ${file} to ${access} (${kind})`,
  ),
  unpin: placed<Schemas['UnpinResult']>(
    'Memory',
    'releases a pin',
    'pinhole unpin pin_1',
    ({ id, pagesReleased, heldMs }) =>
      `${id} is released: ${plural(pagesReleased, 'page')}, held for ${timeText(heldMs)}`,
  ),
  'dma-read': placed(
    'Memory',
    'reads pinned pages, as a device does',
    'pinhole dma-read pin_1 --length 16',
    bytesAreShown,
  ),
  'dma-write': placed<Schemas['DmaWriteResult']>(
    'Memory',
    'writes pinned pages, as a device does',
    'pinhole dma-write pin_1 --byte 0x43 --size 512',
    ({ bytesWritten, pagesOrphan, foreign }) =>
      `${sizeWords(bytesWritten)} written` +
      (pagesOrphan > 0 ? `, ${plural(pagesOrphan, 'page')} of no file` : '') +
      (foreign ? ', into another file' : ''),
  ),

  'set-strategy': placed<Schemas['StrategyInForce']>(
    'Device',
    'changes the reclaim strategy',
    'pinhole set-strategy wait-for-refs --new-refs fail',
    ({ name }) => `the strategy is ${name}`,
  ),
  sync: placed<Schemas['SyncResult']>(
    'Device',
    'flushes every cache line',
    'pinhole sync',
    ({ linesFlushed }) => `${plural(linesFlushed, 'cache line')} flushed`,
  ),
  'power-cycle': placed<Schemas['PowerCycleResult']>(
    'Device',
    'cuts the power',
    'pinhole power-cycle --drop all',
    ({ linesLost, linesDirty, pinsDropped, mappingsDropped, operationsEnded }) =>
      `${linesLost} of ${linesDirty} dirty cache lines lost; ended: ` +
      `${plural(pinsDropped, 'pin')}, ${plural(mappingsDropped, 'mapping')}, ` +
      plural(operationsEnded, 'operation'),
  ),
  poison: placed<Schemas['PoisonResult']>(
    'Device',
    'injects media errors',
    'pinhole poison 16 --count 8',
    ({ block, count, pagesUnmapped }) =>
      `${plural(count, 'block')} from ${block} poisoned, ${plural(pagesUnmapped, 'page')} unmapped`,
  ),
  unpoison: placed<Schemas['UnpoisonResult']>(
    'Device',
    'removes media errors',
    'pinhole unpoison 16 --count 8',
    ({ blocksCleared }) => `${plural(blocksCleared, 'block')} cleared`,
  ),

  cancel: placed<Schemas['CancelResult']>(
    'Waits',
    'sends a signal to an operation',
    'pinhole cancel op_13',
    ({ id, signalled }) => (signalled ? `${id} got the signal` : `${id} got no signal`),
  ),
  'clock-advance': placed<Schemas['ClockAdvanceResult']>(
    'Time',
    'advances a manual clock',
    'pinhole clock +1s --fs manual',
    ({ nowMs }) => `the time is ${new Date(nowMs).toISOString()}`,
    'clock',
  ),
};
