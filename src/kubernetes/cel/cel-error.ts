/** An expression that is none, or that can't be evaluated; the message is for whoever wrote it. */
export class CelError extends Error {
  override readonly name: string = 'CelError';
}
