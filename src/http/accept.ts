// Content negotiation (RFC 9110 §12.5.1).
import Negotiator from 'negotiator';

/**
 * The media type that the client prefers among `offers`; on a tie the first of them. Null if it
 * accepts none. A missing Accept header accepts every type.
 */
export function preferredType<T extends string>(
  accept: string | undefined,
  offers: readonly T[],
): T | null {
  const negotiator = new Negotiator({ headers: { accept } });
  return (negotiator.mediaType([...offers]) as T | undefined) ?? null;
}
