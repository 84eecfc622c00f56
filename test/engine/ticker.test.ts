import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Alarm, systemClock } from '../../src/engine/ticker.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] }));
afterEach(() => vi.useRealTimers());

describe('clock', () => {
  it('does not go back with the wall clock', () => {
    const clock = systemClock();
    const before = clock.nowMs();
    vi.setSystemTime(0);
    expect(clock.nowMs()).toBeGreaterThanOrEqual(before);
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
    expect(vi.getTimerCount()).toBe(0);
  });
});
