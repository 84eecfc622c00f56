/** A script or a list of commands that cannot be read. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError';
  /** The position: `line 3`, or a path such as `commands[2].args.offset`. */
  readonly where: string;

  constructor(where: string, why: string) {
    super(`${where}: ${why}`);
    this.where = where;
  }
}
