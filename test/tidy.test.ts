// Proves the lint rules: each rule of biome.json is run on code that breaks it.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix, relative, resolve } from 'node:path';
import ts from 'typescript';
import { afterAll, describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const bin = (...path: string[]): string => join(root, 'node_modules', ...path);
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const listed = (folder: string, ending: string): string[] =>
  (existsSync(join(root, folder))
    ? readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    : []
  )
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();

const sources = listed('src', '.ts');
const tests = listed('test', '.ts');

const houses: string[] = [];
afterAll(() => {
  for (const house of houses) rmSync(house, { recursive: true, force: true });
});

/** A copy of the house with our rules and the given files in it. */
function build(rules: readonly string[], files: Record<string, string>): string {
  const house = mkdtempSync(join(tmpdir(), 'pinhole-tidy-'));
  houses.push(house);
  symlinkSync(bin(), join(house, 'node_modules'));
  for (const rule of rules) cpSync(join(root, rule), join(house, rule), { recursive: true });
  for (const [path, code] of Object.entries(files)) {
    mkdirSync(join(house, dirname(path)), { recursive: true });
    writeFileSync(join(house, path), code);
  }
  return house;
}

function run(house: string, ...command: string[]): string {
  return spawnSync(process.execPath, command, {
    cwd: house,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).stdout;
}

interface Finding {
  category: string;
  message: string;
  location: { path: string; start: { line: number } };
}

function lint(files: Record<string, string>): Finding[] {
  const house = build(
    ['biome.json', '.ci/lint', 'package.json', 'tsconfig.json', '.gitignore'],
    files,
  );
  const biome = bin('@biomejs', 'biome', 'bin', 'biome');
  return JSON.parse(run(house, biome, 'lint', '--reporter=json', '--max-diagnostics=none', '.'))
    .diagnostics;
}

const lines = (...statements: string[]): string => `${statements.join('\n')}\n`;
const imports = (paths: readonly string[]): string =>
  lines(...paths.map((path) => `import '${path}';`));

/** The rows of `rows` that a rule of `category` speaks of in the file, whose line n is row n. */
function refused(
  findings: Finding[],
  path: string,
  rows: readonly string[],
  category: RegExp,
): string[] {
  const at = new Set(
    findings
      .filter((f) => f.location.path === path && category.test(f.category))
      .map((f) => f.location.start.line),
  );
  return rows.filter((_, i) => at.has(i + 1));
}

const packages = ['node:fs', 'fs', 'fastify', 'prom-client'];
const above = [
  '../../engine/engine.ts',
  '../../journal/store.ts',
  '../../durable/log.ts',
  '../../http/server.ts',
  '../../config.ts',
  '../../main.ts',
];
const ground = [
  'zod',
  '../units.ts',
  '../errno.ts',
  '../events.ts',
  '../emit.ts',
  '../panic.ts',
  '../state.ts',
  '../lib/xarray.ts',
];

/** A file of each layer, what it may import and what it may not. */
const layers: Record<string, { may: string[]; mayNot: string[] }> = {
  'src/kernel/state.ts': {
    may: ['zod', './units.ts', './errno.ts', './events.ts', './panic.ts', './lib/xarray.ts'],
    mayNot: [
      ...packages,
      './sched/task.ts',
      './mm/page.ts',
      './fs/inode.ts',
      './ops/index.ts',
      './kernel.ts',
      '../engine/state.ts',
    ],
  },
  'src/kernel/lib/probe.ts': {
    may: ['./xarray.ts', '../units.ts', '../panic.ts'],
    mayNot: [...packages, ...above, 'zod', '../state.ts', '../errno.ts', '../sched/task.ts'],
  },
  'src/kernel/sched/probe.ts': {
    may: [...ground, './task.ts'],
    mayNot: [
      ...packages,
      ...above,
      '../dev/pmem.ts',
      '../mm/page.ts',
      '../fs/inode.ts',
      '../reclaim/index.ts',
      '../ops/index.ts',
      '../kernel.ts',
    ],
  },
  'src/kernel/dev/probe.ts': {
    may: [...ground, './pmem.ts', '../sched/task.ts'],
    mayNot: [
      ...packages,
      ...above,
      '../fs/inode.ts',
      '../reclaim/index.ts',
      '../views/index.ts',
      '../snapshot.ts',
    ],
  },
  'src/kernel/mm/probe.ts': {
    may: [...ground, './page.ts', '../sched/task.ts', '../dev/pmem.ts'],
    mayNot: [
      ...packages,
      ...above,
      '../fs/inode.ts',
      '../reclaim/index.ts',
      '../ops/index.ts',
      '../invariants.ts',
    ],
  },
  'src/kernel/fs/probe.ts': {
    may: [
      ...ground,
      './inode.ts',
      './personality/xfs.ts',
      '../mm/page.ts',
      '../dev/pmem.ts',
      '../sched/task.ts',
    ],
    mayNot: [...packages, ...above, '../reclaim/index.ts', '../ops/index.ts', '../kernel.ts'],
  },
  'src/kernel/fs/personality/probe.ts': {
    may: [
      'zod',
      './xfs.ts',
      '../inode.ts',
      '../../mm/page.ts',
      '../../sched/task.ts',
      '../../units.ts',
      '../../state.ts',
    ],
    mayNot: [
      ...packages,
      '../../reclaim/index.ts',
      '../../ops/index.ts',
      '../../kernel.ts',
      '../../../engine/state.ts',
      '../../../config.ts',
    ],
  },
  'src/kernel/waits/probe.ts': {
    may: [...ground, './wait-graph.ts', '../fs/inode.ts', '../mm/page.ts', '../sched/task.ts'],
    mayNot: [...packages, ...above, '../reclaim/index.ts', '../records/pin.ts', '../ops/index.ts'],
  },
  'src/kernel/records/probe.ts': {
    may: [...ground, './pin.ts', '../reclaim/index.ts', '../waits/wait-graph.ts', '../fs/inode.ts'],
    mayNot: [...packages, ...above, '../ops/index.ts', '../views/index.ts', '../kernel.ts'],
  },
  'src/kernel/reclaim/probe.ts': {
    may: [
      ...ground,
      './strategy.ts',
      '../waits/wait-graph.ts',
      '../fs/inode.ts',
      '../mm/page.ts',
      '../dev/pmem.ts',
      '../sched/task.ts',
    ],
    mayNot: [
      ...packages,
      ...above,
      '../records/pin.ts',
      '../ops/index.ts',
      '../views/index.ts',
      '../kernel.ts',
    ],
  },
  'src/kernel/ops/probe.ts': {
    may: [
      ...ground,
      './define.ts',
      '../records/pin.ts',
      '../waits/wait-graph.ts',
      '../reclaim/index.ts',
      '../fs/personality/xfs.ts',
      '../mm/page.ts',
      '../sched/task.ts',
    ],
    mayNot: [
      ...packages,
      ...above,
      '../views/index.ts',
      '../kernel.ts',
      '../snapshot.ts',
      '../invariants.ts',
      '../../engine/state.ts',
    ],
  },
  'src/kernel/views/probe.ts': {
    may: [
      ...ground,
      './define.ts',
      '../records/pin.ts',
      '../waits/wait-graph.ts',
      '../reclaim/index.ts',
      '../fs/inode.ts',
      '../mm/page.ts',
      '../sched/task.ts',
    ],
    mayNot: [
      ...packages,
      ...above,
      '../ops/index.ts',
      '../kernel.ts',
      '../snapshot.ts',
      '../invariants.ts',
    ],
  },
  'src/kernel/kernel.ts': {
    may: [
      'zod',
      './units.ts',
      './ops/index.ts',
      './views/index.ts',
      './reclaim/index.ts',
      './invariants.ts',
      './snapshot.ts',
    ],
    mayNot: [
      ...packages,
      '../engine/engine.ts',
      '../journal/store.ts',
      '../config.ts',
      './../main.ts',
      './ops/../../main.ts',
    ],
  },
  'src/journal/probe.ts': {
    may: ['node:fs', 'classic-level', './store.ts'],
    mayNot: [
      '../kernel/units.ts',
      '../durable/log.ts',
      '../engine/engine.ts',
      '../tenants/tokens.ts',
      '../http/server.ts',
      '../metrics/index.ts',
      '../config.ts',
      '../main.ts',
    ],
  },
  'src/config.ts': {
    may: ['node:os', 'commander', 'zod', './version.ts', './tenants/quotas.ts'],
    mayNot: ['./kernel/units.ts', './journal/store.ts', './server.ts', './main.ts'],
  },
  'src/script/probe.ts': {
    may: ['zod', './command-json.ts', '../kernel/kernel.ts', '../kernel/ops/index.ts'],
    mayNot: [
      '../journal/store.ts',
      '../durable/log.ts',
      '../engine/engine.ts',
      '../tenants/tenants.ts',
      '../http/server.ts',
      '../config.ts',
      '../main.ts',
    ],
  },
  'src/compare/probe.ts': {
    may: [
      'zod',
      'piscina',
      './play.ts',
      '../kernel/kernel.ts',
      '../script/command-json.ts',
      '../stories/index.ts',
    ],
    mayNot: [
      '../journal/store.ts',
      '../durable/log.ts',
      '../engine/engine.ts',
      '../http/server.ts',
      '../config.ts',
      '../main.ts',
    ],
  },
  'src/lab/probe.ts': {
    may: [
      'zod',
      'yaml',
      'piscina',
      './run.ts',
      './presets/index.ts',
      '../kernel/kernel.ts',
      '../threads/thread.ts',
    ],
    mayNot: [
      '../script/command-json.ts',
      '../stories/index.ts',
      '../journal/store.ts',
      '../durable/log.ts',
      '../engine/engine.ts',
      '../http/server.ts',
      '../config.ts',
      '../main.ts',
    ],
  },
  'src/labs/probe.ts': {
    may: [
      'piscina',
      './labs.ts',
      '../lab/lab.ts',
      '../engine/engine.ts',
      '../durable/records.ts',
      '../tenants/quotas.ts',
      '../threads/thread.ts',
    ],
    mayNot: ['../http/server.ts', '../metrics/scrape.ts', '../config.ts', '../main.ts'],
  },
  'src/lab/presets/probe.ts': {
    may: ['./index.ts'],
    mayNot: ['../run.ts', '../../kernel/kernel.ts', '../../main.ts'],
  },
  'src/stories/probe.ts': {
    may: ['./story.ts', '../script/command-json.ts', '../kernel/explore.ts'],
    mayNot: [
      '../journal/store.ts',
      '../durable/log.ts',
      '../engine/engine.ts',
      '../tenants/tenants.ts',
      '../http/server.ts',
      '../config.ts',
      '../main.ts',
    ],
  },
  'src/durable/probe.ts': {
    may: [
      'node:zlib',
      './records.ts',
      '../kernel/kernel.ts',
      '../journal/store.ts',
      '../script/command-json.ts',
    ],
    mayNot: [
      '../engine/engine.ts',
      '../tenants/tenants.ts',
      '../http/answers.ts',
      '../metrics/index.ts',
      '../config.ts',
      '../cli/repair.ts',
      '../server.ts',
      '../main.ts',
    ],
  },
  'src/threads/probe.ts': {
    may: ['piscina', './thread.ts'],
    mayNot: ['../kernel/kernel.ts', '../config.ts', '../main.ts'],
  },
  'src/bundle/probe.ts': {
    may: ['zod', './frames.ts', '../durable/log.ts', '../journal/codec.ts', '../kernel/kernel.ts'],
    mayNot: ['../engine/engine.ts', '../http/server.ts', '../config.ts', '../main.ts'],
  },
  'src/engine/probe.ts': {
    may: [
      'node:fs',
      'pino',
      './lane.ts',
      '../durable/log.ts',
      '../kernel/kernel.ts',
      '../kernel/ops/index.ts',
      '../journal/store.ts',
      '../tenants/quotas.ts',
    ],
    mayNot: [
      '../http/server.ts',
      '../metrics/index.ts',
      '../config.ts',
      '../cli/repair.ts',
      '../server.ts',
      '../main.ts',
    ],
  },
  'src/tenants/probe.ts': {
    may: [
      'node:crypto',
      './tokens.ts',
      '../durable/records.ts',
      '../kernel/units.ts',
      '../journal/store.ts',
      '../engine/engine.ts',
    ],
    mayNot: ['../http/server.ts', '../metrics/index.ts', '../config.ts', '../main.ts'],
  },
  'src/http/probe.ts': {
    may: [
      'fastify',
      'node:http',
      './server.ts',
      './routes/index.ts',
      '../engine/engine.ts',
      '../tenants/tokens.ts',
      '../durable/records.ts',
      '../kernel/ops/index.ts',
      '../journal/store.ts',
    ],
    mayNot: ['../metrics/index.ts', '../config.ts', '../server.ts', '../main.ts'],
  },
  'src/http/routes/probe.ts': {
    may: ['fastify', './index.ts', '../server.ts', '../../engine/engine.ts', '../../version.ts'],
    mayNot: ['../../metrics/index.ts', '../../config.ts', '../../server.ts', '../../main.ts'],
  },
  'src/metrics/probe.ts': {
    may: ['prom-client', './index.ts', '../engine/engine.ts', '../kernel/views/index.ts'],
    mayNot: ['../http/server.ts', '../config.ts', '../server.ts', '../main.ts'],
  },
  'src/cluster/probe.ts': {
    may: [
      'fastify',
      './beat.ts',
      '../http/problem.ts',
      '../engine/engine.ts',
      '../tenants/tokens.ts',
      '../journal/cluster-store.ts',
    ],
    mayNot: ['../metrics/index.ts', '../config.ts', '../server.ts', '../main.ts'],
  },
  'src/server.ts': {
    may: ['fastify', './config.ts', './http/server.ts', './metrics/index.ts', './durable/read.ts'],
    mayNot: ['./cli/repair.ts', './client/index.ts', './main.ts'],
  },
  'src/cli/probe.ts': {
    may: [
      'commander',
      './repair.ts',
      './lib/session.ts',
      '../durable/repair.ts',
      '../server.ts',
      '../config.ts',
      '../client/index.ts',
    ],
    mayNot: ['../main.ts'],
  },
  'src/cli/lib/probe.ts': {
    may: ['commander', './session.ts', '../../config.ts', '../../client/rest.ts'],
    mayNot: ['../../main.ts', '../repair.ts'],
  },
  'src/main.ts': {
    may: ['pino', './config.ts', './server.ts', './cli/run.ts'],
    mayNot: ['./client/index.ts', '../load/run.ts'],
  },
  'src/client/probe.ts': {
    may: ['ws', './stream.ts', '../kernel/events.ts', '../../openapi/api.d.ts'],
    mayNot: [
      '../http/server.ts',
      '../engine/engine.ts',
      '../kernel/state.ts',
      '../config.ts',
      '../main.ts',
    ],
  },
  'web/views/probe.tsx': {
    may: ['preact', 'pinhole/client', '../state/location.ts', '../../openapi/api.d.ts'],
    mayNot: ['../../src/client/index.ts', '../../src/kernel/events.ts', 'node:fs'],
  },
  'test/crash/probe.test.ts': {
    may: ['node:child_process', 'vitest', '../workload.ts'],
    mayNot: ['../../src/main.ts', '../../src/config.ts'],
  },
};

const whatever = lines('export const here = 1;', 'export type Here = number;');

test('a file imports only its own layer or lower ones', () => {
  const files = Object.entries(layers).map(([path, { may, mayNot }]) => [
    path,
    imports([...may, ...mayNot]),
  ]);
  const findings = lint(Object.fromEntries(files));
  for (const [path, { may, mayNot }] of Object.entries(layers)) {
    expect({
      path,
      refused: refused(findings, path, [...may, ...mayNot], /noRestrictedImports|plugin/),
    }).toEqual({
      path,
      refused: mayNot,
    });
  }
});

test('every way to import is an import', () => {
  const kernel = [
    "import { here } from '../kernel.ts';",
    "import type { Here } from '../kernel.ts';",
    "export { here } from '../kernel.ts';",
    "export type { Here } from '../kernel.ts';",
    "export * from '../kernel.ts';",
    "export const late = import('../kernel.ts');",
    "export type Late = import('../kernel.ts').Here;",
    "export type Detour = import('../kernel.ts').Here;",
  ];
  const door = [
    "import { loadConfig } from '../config.ts';",
    "import { type Config } from '../config.ts';",
  ];
  const typed = [
    "import type { Config } from '../config.ts';",
    "import { type Kernel, createKernel } from '../kernel/kernel.ts';",
  ];
  const lane = ["import { apply } from '../kernel/kernel.ts';"];
  const rows = [...door, ...typed, ...lane];
  const findings = lint({
    'src/kernel/ops/probe.ts': lines(...kernel),
    'src/http/probe.ts': lines(...rows),
    'src/engine/probe.ts': lines(...lane),
  });
  expect(
    refused(findings, 'src/kernel/ops/probe.ts', kernel, /noRestrictedImports|plugin/),
  ).toEqual(kernel);
  expect(refused(findings, 'src/http/probe.ts', rows, /noRestrictedImports|plugin/)).toEqual([
    ...door,
    ...lane,
  ]);
  expect(refused(findings, 'src/engine/probe.ts', lane, /noRestrictedImports|plugin/)).toEqual([]);
});

test('every source file belongs to a layer', () => {
  // What no layer may import: main.ts, and for main.ts the client.
  const forbidden = (path: string): string => {
    const target = path === 'src/main.ts' ? 'src/client/index.ts' : 'src/main.ts';
    const way = posix.relative(posix.dirname(path), target);
    return way.startsWith('.') ? way : `./${way}`;
  };
  const findings = lint(
    Object.fromEntries(sources.map((path) => [path, imports([forbidden(path)])])),
  );
  const checked = findings
    .filter((f) => f.category === 'lint/style/noRestrictedImports')
    .map((f) => f.location.path);
  expect(sources.filter((path) => !checked.includes(path))).toEqual([]);
});

test('no file of src/ imports the page, and the bundle of the page has no API of Node', () => {
  const importsOf = (path: string) =>
    ts.preProcessFile(read(path)).importedFiles.map(({ fileName }) => fileName);
  expect(sources.filter((path) => importsOf(path).some((name) => /\bweb\//.test(name)))).toEqual(
    [],
  );
  // The files that browser.ts loads, by way of others too; types are erased.
  const files = new Set(['src/client/browser.ts']);
  const packages = new Set<string>();
  for (const path of files) {
    if (path === 'openapi/api.d.ts') continue;
    const values = read(path).replace(/^import type .*?;$/gms, '');
    for (const { fileName } of ts.preProcessFile(values).importedFiles)
      if (fileName.startsWith('.')) files.add(posix.join(posix.dirname(path), fileName));
      else packages.add(fileName);
  }
  // api.d.ts is a type in rest.ts.
  const others = [...files].filter((path) => !path.startsWith('src/client/'));
  expect(others).toEqual(['openapi/api.d.ts']);
  expect([...packages]).toEqual(['openapi-fetch']);
});

test('no file imports itself by way of others, types included', () => {
  const importsOf = new Map(
    sources.map((path) => [
      path,
      ts
        .preProcessFile(read(path))
        .importedFiles.map(({ fileName }) => posix.join(posix.dirname(path), fileName))
        .filter((imported) => sources.includes(imported)),
    ]),
  );
  expect(circlesIn(importsOf)).toEqual([]);
  const circle = new Map([
    ['a', ['b']],
    ['b', ['c', 'd']],
    ['c', ['a']],
    ['d', []],
  ]);
  expect(circlesIn(circle)).toEqual([['a', 'b', 'c', 'a']]);
});

/** Of each file that is in one, the first circle that leads back to a file on the way to it. */
function circlesIn(importsOf: ReadonlyMap<string, readonly string[]>): string[][] {
  const circles: string[][] = [];
  const done = new Set<string>();
  const way: string[] = [];
  const follow = (path: string): void => {
    const at = way.indexOf(path);
    if (at >= 0) circles.push([...way.slice(at), path]);
    if (at >= 0 || done.has(path)) return;
    way.push(path);
    for (const imported of importsOf.get(path) ?? []) follow(imported);
    way.pop();
    done.add(path);
  };
  for (const path of importsOf.keys()) follow(path);
  return circles;
}

test('the kernel has no clock, no chance, no locale and no promises', () => {
  const undetermined = [
    'export const a = Date.now();',
    'export const b = new Date();',
    'export const c = performance.now();',
    'export const d = Math.random();',
    'export const { random } = Math;',
    'export const e = crypto.randomUUID();',
    'export const f = process.hrtime();',
    'export const g = setTimeout(() => 1, 1);',
    'export const h = setInterval(() => 1, 1);',
    'export const i = setImmediate(() => 1);',
    'queueMicrotask(() => 1);',
    'export const j = globalThis.Date;',
    'export const k = global.Date;',
    "export const l = require('node:fs');",
    "console.log('1');",
    'export const m = new WeakRef({});',
    "export const n = new Intl.Collator('en');",
    "export const o = 'a'.localeCompare('b');",
    'export const p = (1).toLocaleString();',
    "export const q = 'a'.toLocaleUpperCase();",
    'for (const key in {}) String(key);',
    'export const r = [2, 10].sort();',
    'export const s = [...new Map<number, number>().keys()].sort();',
    'export const t = [2, 10].toSorted();',
    'export const u = Promise.resolve(1);',
    'export async function v() {}',
    'export const w = async () => 1;',
    'export const x = { async y() {} };',
  ];
  const determined = [
    'export const copy = structuredClone({ a: 1 });',
    'export const sorted = [2, 10].sort((a, b) => a - b);',
    'export const log = Math.log2(8);',
    'export const record = { Date: 1, process: 2 };',
    'export const asyncish = () => record.process;',
  ];
  const rows = [...undetermined, ...determined];
  const findings = lint({
    'src/kernel/ops/probe.ts': lines(...rows),
    'src/kernel/state.ts': lines(...rows),
    'src/engine/probe.ts': lines(...rows),
  });
  const rules = /noRestrictedGlobals|noJsRestrictedProperties|noForIn|plugin/;
  expect(refused(findings, 'src/kernel/ops/probe.ts', rows, rules)).toEqual(undetermined);
  expect(refused(findings, 'src/kernel/state.ts', rows, rules)).toEqual(undetermined);
  expect(refused(findings, 'src/engine/probe.ts', rows, rules)).toEqual([]);
});

test('the style of the house', () => {
  const style: Record<string, [path: string, code: string]> = {
    noDefaultExport: ['src/http/default.ts', 'export default 1;'],
    noExplicitAny: ['src/http/any.ts', 'export const x = (y: any): unknown => y;'],
    noNonNullAssertion: [
      'src/http/bang.ts',
      'export const x = (y: { z?: number }): number => y.z!;',
    ],
    useImportType: [
      'src/http/type.ts',
      "import { Here } from './here.ts';\nexport const x: Here = 1;",
    ],
    useImportExtensions: [
      'src/http/extension.ts',
      "import { here } from './here';\nexport const x = here;",
    ],
    noFloatingPromises: [
      'src/http/floating.ts',
      'async function late(): Promise<number> {\n  return 1;\n}\nlate();',
    ],
    noMisusedPromises: [
      'src/http/misused.ts',
      'const late = async (): Promise<boolean> => true;\nif (late()) late().catch(String);',
    ],
    useFilenamingConvention: ['src/http/camelCase.ts', 'export const x = 1;'],
    noImportCycles: [
      'src/http/cycle.ts',
      "import { back } from './back.ts';\nexport const there = back;",
    ],
    noUndeclaredDependencies: [
      'src/http/undeclared.ts',
      "import { test } from 'vitest';\nexport const x = test;",
    ],
    noReExportAll: ['src/http/barrel.ts', "export * from './here.ts';"],
    noUnusedImports: [
      'src/http/unused.ts',
      "import { here } from './here.ts';\nexport const x = 1;",
    ],
    noFocusedTests: [
      'test/only.test.ts',
      "import { test } from 'vitest';\ntest.only('x', () => {});",
    ],
    noSkippedTests: [
      'test/skip.test.ts',
      "import { test } from 'vitest';\ntest.skip('x', () => {});",
    ],
  };
  const findings = lint({
    ...Object.fromEntries(Object.values(style).map(([path, code]) => [path, `${code}\n`])),
    'src/http/here.ts': whatever,
    'src/http/back.ts': "import { there } from './cycle.ts';\nexport const back = there;\n",
  });
  const spoke = Object.entries(style).filter(([rule, [path]]) =>
    findings.some((f) => f.location.path === path && f.category.endsWith(`/${rule}`)),
  );
  expect(spoke.map(([rule]) => rule)).toEqual(Object.keys(style));
});

test('clean files are left in peace', () => {
  const clean =
    "import { z } from 'zod';\n\nexport const zProbe = z.object({ offset: z.int() });\n";
  const tested =
    "import { expect, test } from 'vitest';\n\ntest('one is one', () => {\n  expect(1).toBe(1);\n});\n";
  const folders = [
    'kernel/sched',
    'kernel/mm',
    'kernel/fs',
    'kernel/ops',
    'kernel',
    'engine',
    'http',
    'metrics',
    'tenants',
  ];
  const files = Object.fromEntries(
    folders.map((folder) => [`src/${folder}/clean-probe.ts`, clean]),
  );
  expect(
    lint({ ...files, 'test/clean.test.ts': tested, 'probe.config.ts': 'export default {};\n' }),
  ).toEqual([]);
});

describe('the closing line', () => {
  const vitest = bin('vitest', 'vitest.mjs');
  const last = (files: Record<string, string>): string => {
    const house = build(['vitest.config.ts', 'package.json', 'test/reporter.ts'], files);
    return run(house, vitest, 'run').split('\n').slice(-2).join('|');
  };
  const head = "import { beforeAll, describe, test } from 'vitest';";

  test('counts what passed', () => {
    expect(
      last({ 'test/a.test.ts': lines(head, "test('a', () => {});", "test('b', () => {});") }),
    ).toBe('2 passed, 0 failed|');
  });

  test('counts everything that can fail', () => {
    const files = {
      'test/fails.test.ts': lines(
        head,
        "test('a', () => {});",
        "test('b', () => { throw new Error('b'); });",
      ),
      'test/loads-not.test.ts': lines(head, "import './nothing.ts';", "test('a', () => {});"),
      'test/hook.test.ts': lines(
        head,
        "describe('a', () => {",
        "  beforeAll(() => { throw new Error('c'); });",
        "  test('b', () => {});",
        '});',
      ),
      'test/unhandled.test.ts': lines(
        head,
        "test('a', () => { Promise.reject(new Error('d')); });",
      ),
    };
    expect(last(files)).toBe('2 passed, 4 failed, 1 skipped|');
  });

  test('fails when there is nothing to run', () => {
    expect(last({})).toBe('0 passed, 1 failed|');
  });
});

test('no test is left out', () => {
  const left = /\b(?:test|it|describe|suite|bench|ctx|context)(?:\.\w+)*\.(?:only|skip|todo)\b/;
  expect(tests.filter((path) => path !== 'test/tidy.test.ts' && left.test(read(path)))).toEqual([]);
});

test('nothing is left for later', () => {
  expect(sources.filter((path) => /\b(?:TODO|FIXME|XXX)\b/.test(read(path)))).toEqual([]);
});

test('links in the documents lead somewhere', () => {
  const documents = [
    ...readdirSync(root).filter((name) => name.endsWith('.md')),
    ...listed('docs', '.md'),
  ];
  const broken = documents.flatMap((path) =>
    [...read(path).matchAll(/\]\(([^)\s#]+)[^)]*\)/g)]
      .map(([, link]) => link ?? '')
      .filter((link) => !/^[a-z]+:/.test(link) && !existsSync(resolve(root, dirname(path), link)))
      .map((link) => `${path}: ${link}`),
  );
  expect(broken).toEqual([]);
});
