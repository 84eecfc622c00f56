#!/usr/bin/env node
// The process: its streams and its exit code. Everything else is in cli/.
import { ioOf } from './cli/lib/io.ts';
import { isServer, run } from './cli/run.ts';

const { stdin, stdout, stderr, env } = process;
const argv = process.argv.slice(2);
const serves = isServer(argv);
// A full disk or a closed pipe loses lines. A server goes on without them; any other command has
// nothing left to do.
const onLost = () => {
  if (!serves) process.exit();
};
stdout.on('error', onLost);
stderr.on('error', onLost);
const code = await run(argv, ioOf({ stdin, stdout, stderr, env }));
// A server that could not start may still have timers and files open.
if (serves && code !== 0) process.exit(code);
// Not exit(), which would lose data that a pipe has not taken yet.
process.exitCode = code;
