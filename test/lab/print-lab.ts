// Runs the workload on stdin with two seeds and prints the result.
import { text } from 'node:stream/consumers';
import { parseWorkload } from '../../src/lab/document.ts';
import { runLab } from '../../src/lab/lab.ts';
import { inProcess } from './in-process.ts';

const parsed = parseWorkload(await text(process.stdin));
process.stdout.write(JSON.stringify(await runLab({ parsed, seeds: 2 }, { runner: inProcess() })));
