// Counts the events of all filesystems: for the server, for each tenant, and for each filesystem
// that is scraped alone.
import type { Engine, HostedFilesystem } from '../engine/engine.ts';
import type { EventRing } from '../engine/event-ring.ts';
import type { KernelEvent } from '../kernel/events.ts';
import { opId, pinId } from '../kernel/units.ts';
import type { EventSource } from './define.ts';
import { adopt, freshStates, listeners, type States } from './states.ts';

interface Counted {
  tenant: States;
  /** Null until the filesystem is scraped alone, because most filesystems never are. */
  own: States | null;
  pinKinds: Map<string, string>;
}

export class EventCounter {
  readonly #engine: Engine;
  readonly #nowMs: () => number;
  readonly ofServer = freshStates();
  /** The key is the ring of the tenant, so that the counts are freed together with the tenant. */
  readonly #ofTenant = new WeakMap<EventRing, States>();
  readonly #ofFilesystem = new WeakMap<HostedFilesystem, Counted>();

  constructor(engine: Engine, nowMs: () => number) {
    this.#engine = engine;
    this.#nowMs = nowMs;
    for (const fs of engine.all()) this.#adopt(fs);
    engine.onAdopted((fs) => this.#adopt(fs));
    engine.onChanged((fs) => {
      if (!fs.mounted && fs.stopped !== null && !fs.moved) this.#discarded(fs);
    });
    engine.onDelivered((fs, events) => this.#count(fs, events));
  }

  ofTenant(tenant: string): States {
    const ring = this.#engine.tenantRing(tenant);
    let states = this.#ofTenant.get(ring);
    if (states === undefined) {
      states = freshStates();
      this.#ofTenant.set(ring, states);
    }
    return states;
  }

  /** Counting begins with the first call. */
  ofFilesystem(fs: HostedFilesystem): States {
    const counted = this.#countedOf(fs);
    if (counted.own === null) {
      counted.own = freshStates();
      adopt(counted.own, fs);
    }
    return counted.own;
  }

  #countedOf(fs: HostedFilesystem): Counted {
    let counted = this.#ofFilesystem.get(fs);
    if (counted === undefined) {
      counted = { tenant: this.ofTenant(fs.tenant), own: null, pinKinds: new Map() };
      this.#ofFilesystem.set(fs, counted);
    }
    return counted;
  }

  /** A recovered filesystem, or a fork, has state that no future event reports. */
  #adopt(fs: HostedFilesystem): void {
    const { tenant, pinKinds } = this.#countedOf(fs);
    for (const { id, kind } of fs.kernel.pins.values()) pinKinds.set(pinId(id), kind);
    adopt(this.ofServer, fs);
    adopt(tenant, fs);
  }

  /** A stopped filesystem is removed without an event, so this counts the umount. */
  #discarded(fs: HostedFilesystem): void {
    const { tenant, pinKinds } = this.#countedOf(fs);
    const place = this.#placeOf(fs, pinKinds);
    for (const { at, call } of listeners.get('filesystem.unmounted') ?? []) {
      call(this.ofServer[at], {}, place);
      call(tenant[at], {}, place);
    }
  }

  #placeOf({ kernel, name }: HostedFilesystem, pinKinds: ReadonlyMap<string, string>): EventSource {
    return { kernel, pinKind: '', operation: '', filesystem: name, atMs: this.#nowMs(), pinKinds };
  }

  #count(fs: HostedFilesystem, events: readonly KernelEvent[]): void {
    const { tenant, own, pinKinds } = this.#countedOf(fs);
    const place = this.#placeOf(fs, pinKinds);
    for (const event of events) {
      const interested = listeners.get(event.type);
      if (interested === undefined) continue;
      // The event at the end of a pin does not contain the kind of the pin.
      if (event.type === 'page.pinned') pinKinds.set(event.data.pin, event.data.kind);
      else if (event.type === 'page.unpinned') {
        place.pinKind = pinKinds.get(event.data.pin) ?? 'unknown';
        pinKinds.delete(event.data.pin);
      }
      place.operation = event.task === 0 ? '' : opId(event.task);
      for (const { at, call } of interested) {
        call(this.ofServer[at], event.data, place);
        call(tenant[at], event.data, place);
        if (own !== null) call(own[at], event.data, place);
      }
      if (event.type === 'power.restored') pinKinds.clear();
    }
  }
}
