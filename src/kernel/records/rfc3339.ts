/** `1970-01-01T00:00:00.000Z` for 0. A conversion of a given time: it reads no clock. */
export function rfc3339(ms: number): string {
  // biome-ignore lint/style/noRestrictedGlobals: Date with an argument is a pure function of it.
  return new Date(ms).toISOString();
}
