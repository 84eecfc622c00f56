// The two ways to say that the machine itself is wrong. Nothing in the kernel catches a Panic: the
// engine does, logs the command and stops that filesystem.

export class Panic extends Error {
  override readonly name = 'Panic';
}

/** Holds a law of the machine. `law` is the sentence that is broken when `holds` is false. */
export function assert(holds: boolean, law: string): asserts holds {
  if (!holds) throw new Panic(law);
}

export function unreachable(value: never): never {
  throw new Panic(`unreachable: ${String(value)}`);
}
