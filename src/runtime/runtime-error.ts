export type RuntimeErrorCode =
  | 'CannotPullContainer'
  | 'CannotPullContainerAuth'
  | 'CannotPullImageManifest'
  | 'CannotCreateContainer'
  | 'CannotStartContainer'
  | 'CannotStopContainer'
  | 'CannotRemoveContainer'
  /** A command could not be run in a container, or did not end in time. */
  | 'CannotExecContainer'
  | 'CannotCreateVolume'
  | 'ContainerNetworking'
  | 'PortInUse'
  | 'DiskFull'
  /** The engine did not answer, or is not there. Retry. */
  | 'EngineUnavailable'
  /** The engine refused for a reason of this machine; the message says what to do. */
  | 'Unsupported';

/** A failure of the engine, with what was attempted on which container, and the engine's own words as `detail`. */
export class RuntimeError extends Error {
  override readonly name = 'RuntimeError';
  readonly code: RuntimeErrorCode;
  /** The engine's words alone, fit for ECS's `Name: detail` reasons. */
  readonly detail: string;
  constructor(code: RuntimeErrorCode, message: string, detail: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.detail = detail;
  }
}

/** It is nobody's fault who asked: what was asked for is tried again when the engine is back. */
export const isEngineAway = (error: unknown): boolean =>
  error instanceof RuntimeError && error.code === 'EngineUnavailable';
