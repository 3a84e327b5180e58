/** A rule was broken. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
  readonly rule: string;

  constructor(rule: string, detail: string) {
    super(`Broken: ${rule}. ${detail}`);
    this.rule = rule;
  }
}

export function fail(rule: string, detail: string): never {
  throw new InvariantError(rule, detail);
}
