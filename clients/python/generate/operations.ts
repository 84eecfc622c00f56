// pinhole/operations.py: a class for the routes of the server, one for those of a filesystem, and
// one that starts the operations of a filesystem that can sleep.
import type { Document } from './document.ts';
import {
  isOfFilesystem,
  type Method,
  methodsOf,
  startingMethod,
  waitingMethod,
} from './methods.ts';
import { docstring } from './python.ts';

/** The routes of the event streams are for `pinhole/events.py`. */
const isStream = (responses: object): boolean => '101' in responses;

export function operationsModule(document: Document): string {
  const all = Object.entries(document.paths).flatMap(([at, item]) =>
    Object.entries(item)
      .filter(([, { responses }]) => !isStream(responses))
      .flatMap(([verb, operation]) => methodsOf(document, at, verb, operation)),
  );
  const waiting = (one: Method) => waitingMethod(document, one);
  const filesystem = all.filter(isOfFilesystem);
  const server = all.filter((one) => !isOfFilesystem(one));
  const indent = '    ';
  return [
    '"""The routes of the API. Written by clients/python/generate; do not edit."""',
    '',
    'from __future__ import annotations',
    '',
    'from typing import Any, Literal, Sequence, overload',
    '',
    'from . import models',
    'from .calls import Call, Caller, FilesystemCaller, Pending, Starter',
    '',
    '',
    'class ServerOperations(Caller):',
    ...docstring(indent, 'The routes that belong to no filesystem, or to all of them.'),
    '',
    ...server.flatMap(waiting),
    '',
    'class FilesystemOperations(FilesystemCaller):',
    ...docstring(indent, 'The routes of one filesystem. Each waits for its answer.'),
    '',
    ...filesystem.flatMap(waiting),
    '',
    'class StartedOperations(Starter):',
    ...docstring(
      indent,
      'The operations that can sleep. Each is only started: it gives its record, ' +
        'and not its result.',
    ),
    '',
    ...filesystem.filter(({ sleeps }) => sleeps).flatMap(startingMethod),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}
