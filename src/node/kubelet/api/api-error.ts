/** The API server said no: a `Status` object. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** The HTTP status. */
  readonly code: number;
  /** E.g. `NotFound`, `Conflict`, `AlreadyExists`; empty where the answer was no Status. */
  readonly reason: string;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    message: string,
    answer: {
      readonly code: number;
      readonly reason: string;
      readonly retryAfterSeconds?: number | undefined;
    },
  ) {
    super(message);
    this.code = answer.code;
    this.reason = answer.reason;
    this.retryAfterSeconds = answer.retryAfterSeconds;
  }
}

export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.code === 404;
}

export function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.code === 409;
}

/** A watch or a page that began too long ago (410 Gone): list again. */
export function isExpired(error: unknown): boolean {
  return error instanceof ApiError && error.code === 410;
}
