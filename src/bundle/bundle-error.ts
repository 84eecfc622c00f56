/** The server is stopping, or checks other bundles for too long. The bundle may be right. */
export class NotChecked extends Error {
  override readonly name = 'NotChecked';
}

/** Why a bundle is refused: not a bundle, of another version, wrong inside, or too large. */
export class BundleError extends Error {
  override readonly name = 'BundleError';
  readonly rule: 'BD1' | 'BD2' | 'BD3' | 'BD4' | 'BD5';

  constructor(rule: BundleError['rule'], message: string) {
    super(message);
    this.rule = rule;
  }
}
