// The registry of metric families: one line each.
import { alarms } from './alarms.ts';
import { build } from './build.ts';
import { busy } from './busy.ts';
import { clock } from './clock.ts';
import type { Family } from './define.ts';
import { engine } from './engine.ts';
import { faults } from './faults.ts';
import { http } from './http.ts';
import { journal } from './journal.ts';
import { labs } from './labs.ts';
import { memory } from './memory.ts';
import { pins } from './pins.ts';
import { quotas } from './quotas.ts';
import { space } from './space.ts';
import { strategy } from './strategy.ts';
import { stream } from './stream.ts';
import { waits } from './waits.ts';
import { wakeups } from './wakeups.ts';

export const families: readonly Family<unknown>[] = [
  space,
  busy,
  waits,
  strategy,
  wakeups,
  pins,
  faults,
  alarms,
  quotas,
  stream,
  engine,
  journal,
  http,
  clock,
  memory,
  labs,
  build,
];
