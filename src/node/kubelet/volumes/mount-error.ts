/** Volumes of a pod could not be mounted: each in the words of the event FailedMount. */
export class MountError extends Error {
  override readonly name = 'MountError';
  readonly failures: readonly string[];

  constructor(failures: readonly string[]) {
    super(failures.join('; '));
    this.failures = failures;
  }
}
