// A Panic means that the machine itself is wrong. Nothing in the kernel catches it: the engine
// does, logs the command and stops that filesystem.

export class Panic extends Error {
  override readonly name = 'Panic';
}

/**
 * Throws a Panic if a law of the machine does not hold. `law` is the sentence that is then broken.
 */
export function assert(holds: boolean, law: string): asserts holds {
  if (!holds) throw new Panic(law);
}

export function unreachable(value: never): never {
  throw new Panic(`unreachable: ${String(value)}`);
}
