import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Alarm, systemClock } from '../../src/engine/ticker.ts';

beforeEach(() =>
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'],
  }),
);
afterEach(() => vi.useRealTimers());

describe('clock', () => {
  it('does not go back with the wall clock', () => {
    const clock = systemClock();
    const before = clock.nowMs();
    vi.setSystemTime(0);
    expect(clock.nowMs()).toBeGreaterThanOrEqual(before);
  });

  it('continues at its normal speed if the wall clock is set back, and jumps if it is set forward', () => {
    const jumps: number[] = [];
    const clock = systemClock((byMs) => jumps.push(byMs));
    const before = clock.nowMs();
    vi.setSystemTime(before - 3_600_000);
    vi.advanceTimersByTime(5000);
    expect(clock.nowMs()).toBe(before + 5000);
    expect(clock.aheadMs()).toBeCloseTo(3_600_000, -1);
    vi.setSystemTime(before + 7_200_000);
    expect(clock.nowMs()).toBeCloseTo(before + 7_200_000, -1);
    expect(jumps.map((byMs) => Math.round(byMs / 1000))).toEqual([-3600, 3 * 3600 - 5]);
    expect(clock.jumps).toEqual({ forward: 1, backward: 1 });
    clock.stop();
  });

  it('continues from the last time that an earlier process recorded', () => {
    const clock = systemClock();
    const wall = Date.now();
    clock.atLeast(wall + 3_600_000);
    expect(clock.nowMs()).toBeGreaterThanOrEqual(wall + 3_599_999);
    vi.advanceTimersByTime(2000);
    expect(clock.nowMs()).toBeGreaterThanOrEqual(wall + 3_601_999);
    clock.atLeast(wall);
    expect(clock.nowMs()).toBeGreaterThanOrEqual(wall + 3_601_999);
    clock.stop();
  });

  it('rings what is due when the clock is set forward by hours', () => {
    const clock = systemClock();
    let rung = 0;
    clock.at(clock.nowMs() + 3_600_000, () => {
      rung += 1;
    });
    vi.setSystemTime(Date.now() + 7_200_000);
    vi.advanceTimersByTime(1100);
    expect(rung).toBe(1);
    clock.stop();
  });

  it('calls not before the time, also beyond the reach of setTimeout', () => {
    const clock = systemClock();
    const day = 86_400_000;
    let calledMs = 0;
    const atMs = clock.nowMs() + 30 * day;
    clock.at(atMs, () => {
      calledMs = clock.nowMs();
    });
    vi.advanceTimersByTime(29 * day);
    expect(calledMs).toBe(0);
    vi.advanceTimersByTime(day + 2);
    expect(calledMs).toBeGreaterThanOrEqual(atMs);
  });
});

describe('alarm', () => {
  it('has one timer, which moves', () => {
    const clock = systemClock();
    let rung = 0;
    const alarm = new Alarm(clock, () => {
      rung += 1;
    });
    alarm.set(clock.nowMs() + 1000);
    alarm.set(clock.nowMs() + 10);
    vi.advanceTimersByTime(50);
    expect(rung).toBe(1);
    alarm.set(clock.nowMs() + 10);
    alarm.set(null);
    vi.advanceTimersByTime(2000);
    expect(rung).toBe(1);
    clock.stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});
