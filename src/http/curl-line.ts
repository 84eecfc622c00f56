// A command as a line of a shell script with curl. The variables PINHOLE (the URL of the server),
// FS (the name of the filesystem) and PINHOLE_TOKEN (optional) are set at its top.
import { operations } from '../kernel/ops/index.ts';
import type { MkfsArgs } from '../kernel/ops/mkfs.ts';
import type { Command } from '../kernel/state.ts';
import { runsOf } from '../script/bytes-text.ts';
import { commandJsonOf } from '../script/command-json.ts';
import type { Told } from '../script/told.ts';
import { requestOf } from './command-request.ts';

export const curlHead = (name: string): string =>
  [
    '#!/bin/sh',
    // biome-ignore-start lint/suspicious/noTemplateCurlyInString: variables of the shell
    ': "${PINHOLE:=http://127.0.0.1:8080}"',
    `: "\${FS:=${name}}"`,
    'pinhole() {',
    '  curl -sS ${PINHOLE_TOKEN:+-H "authorization: Bearer $PINHOLE_TOKEN"} "$@"',
    '  echo',
    '}',
    // biome-ignore-end lint/suspicious/noTemplateCurlyInString: variables of the shell
  ].join('\n');

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

export function curlOfMkfs({ name: _, ...args }: MkfsArgs): string {
  const rest = JSON.stringify(args).slice(1);
  return `pinhole "$PINHOLE/v1/filesystems" --json '{"name":"'"$FS"'",'${quoted(rest)}`;
}

export function curlLine({ command, waited }: Told, { stepped }: { stepped: boolean }): string {
  const { method, path, query, json } = requestOf(commandJsonOf(command));
  const given = new URLSearchParams(query).toString();
  const words = [
    ...(method === 'POST' ? [] : method === 'GET' ? ['-o', '/dev/null'] : ['-X', method]),
    `"$PINHOLE/v1/filesystems/$FS${path}"${given === '' ? '' : quoted(`?${given}`)}`,
    ...headersOf(command, { waited: waited && !stepped }),
    ...(json === undefined ? [] : ['--json', quoted(JSON.stringify(json))]),
  ];
  const line = `pinhole ${words.join(' ')}`;
  if (operations.get(command.op)?.takes !== 'bytes') return line;
  const type = quoted('content-type: application/octet-stream');
  return `${bytesOf(command.data ?? new Uint8Array(0))} | ${line} -H ${type} --data-binary @-`;
}

function headersOf(
  { keep, ifMatch, ifNoneMatch }: Command,
  { waited }: { waited: boolean },
): string[] {
  const headers: string[] = [];
  if (keep === true) headers.push('prefer: respond-async');
  else if (waited) headers.push('prefer: wait=0');
  if (ifMatch !== undefined) headers.push(`if-match: ${etagsOf(ifMatch)}`);
  if (ifNoneMatch !== undefined) headers.push(`if-none-match: ${etagsOf(ifNoneMatch)}`);
  return headers.flatMap((header) => ['-H', quoted(header)]);
}

const etagsOf = (tags: string | readonly string[]): string =>
  tags === '*'
    ? '*'
    : [tags]
        .flat()
        .map((tag) => `"${tag}"`)
        .join(', ');

/** A command of the shell that writes these bytes. */
function bytesOf(bytes: Uint8Array): string {
  const runs = runsOf(bytes, 8);
  if (runs === null) return `printf %s ${Buffer.from(bytes).toString('base64')} | base64 -d`;
  const parts = runs.map(({ byte, length }) => {
    const octal = byte.toString(8).padStart(3, '0');
    return `head -c ${length} /dev/zero${byte === 0 ? '' : ` | tr '\\000' '\\${octal}'`}`;
  });
  return parts.length === 1 ? (parts[0] as string) : `{ ${[...parts, ''].join('; ')}}`;
}
