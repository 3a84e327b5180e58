/**
 * An API's "no" in AWS's words: what an operation throws, and the one thing that becomes an error answer.
 * `code` is the modelled error's name (`ClusterNotFoundException`); the protocol layer finds its HTTP status
 * and members in the SDK's schema. Codes without a schema use `status`.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: string;
  /** Further members of the modelled error, e.g. `{ resourceIds: [...] }`. */
  readonly members: Readonly<Record<string, unknown>>;
  /** Used when the service's schemas don't know `code`. */
  readonly status: number | undefined;

  constructor(
    code: string,
    message: string,
    options: { members?: Record<string, unknown>; status?: number; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.members = options.members ?? {};
    this.status = options.status;
  }
}
