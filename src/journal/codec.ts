// Converts plain data to bytes and back: MessagePack, with extensions for Map, Set and the typed
// arrays of the machine. Equal data in equal order gives equal bytes on every computer, so the
// bytes can be hashed.
import { Decoder, Encoder, ExtensionCodec } from '@msgpack/msgpack';

class Extensions extends ExtensionCodec {
  /** Nearly every value is a plain object or an array, so these skip the test of each extension. */
  override tryToEncode(
    value: unknown,
    context: undefined,
  ): ReturnType<ExtensionCodec['tryToEncode']> {
    const plain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
    return plain ? null : super.tryToEncode(value, context);
  }
}

const extensions = new Extensions();
const encoder = new Encoder({
  extensionCodec: extensions,
  ignoreUndefined: true,
  initialBufferSize: 65_536,
});
const decoder = new Decoder({ extensionCodec: extensions });

export const encode = (value: unknown): Uint8Array => encoder.encode(value);

/** Throws if the bytes are not exactly one value. */
export const decode = (bytes: Uint8Array): unknown => decoder.decode(bytes);

/** Decodes values that were encoded one after the other. */
export const decodeAll = (bytes: Uint8Array): Iterable<unknown> => decoder.decodeMulti(bytes);

/** `slice` of a Buffer would return a view, not a copy. */
const copyOf = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes);

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
if (!littleEndian)
  throw new Error('the journal keeps typed arrays as little-endian machines have them');

extensions.register({
  type: 1,
  encode: (value) => (value instanceof Map ? encode([...value]) : null),
  decode: (bytes) => new Map(decode(bytes) as [unknown, unknown][]),
});
extensions.register({
  type: 2,
  encode: (value) => (value instanceof Set ? encode([...value]) : null),
  decode: (bytes) => new Set(decode(bytes) as unknown[]),
});
extensions.register({
  type: 3,
  encode: (value) =>
    value instanceof Int32Array
      ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
      : null,
  decode: (bytes) => new Int32Array(copyOf(bytes).buffer),
});
extensions.register({
  type: 4,
  encode: (value) =>
    value instanceof Float64Array
      ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
      : null,
  decode: (bytes) => new Float64Array(copyOf(bytes).buffer),
});
// MessagePack has a type for bytes, but the decoder returns it as a view, which would hold the
// whole message in memory.
extensions.register({
  type: 5,
  encode: (value) =>
    value instanceof Uint8Array
      ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
      : null,
  decode: copyOf,
});
