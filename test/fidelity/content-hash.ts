// The file hash of the recorder: FNV-1a with 64 bits in two limbs. Its prime is 2^40 + 435, and its
// initial value is not the standard one.
const step = 4096;

const hex = (limb: number): string => (limb >>> 0).toString(16).padStart(8, '0');

/** Hashes one content after the other, and begins each where it parts from the one before. */
export function contentHash(): (bytes: Uint8Array) => string {
  let last = Buffer.alloc(0);
  /** Both limbs before byte `n * step`. */
  const before: [low: number, high: number][] = [[0x739d0383, 0x14650fb0]];
  return (bytes) => {
    const now = Buffer.from(bytes);
    let at = 0;
    const both = Math.min(now.length, last.length);
    while (at + step <= both && now.compare(last, at, at + step, at, at + step) === 0) at += step;
    last = now;
    let [low, high] = before[at / step] as [number, number];
    for (;;) {
      const end = Math.min(at + step, now.length);
      const whole = end === at + step;
      for (; at < end; at++) {
        low ^= now[at] as number;
        const lower = (low & 0xffff) * 435;
        const upper = (low >>> 16) * 435 + (lower >>> 16);
        high = (Math.imul(high, 435) + (upper >>> 16) + (low << 8)) | 0;
        low = (upper << 16) | (lower & 0xffff);
      }
      if (!whole) return hex(high) + hex(low);
      before[at / step] = [low, high];
    }
  };
}
