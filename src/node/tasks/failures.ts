import { NetworkError } from '../../network/index.ts';
import { isEngineAway, RuntimeError, type RuntimeErrorCode } from '../../runtime/index.ts';
import type { Step } from './task-machine.ts';

/** What a failed step means: try again later, or its end, in ECS's words. */
export type Failure =
  | { readonly type: 'retry'; readonly because: string }
  | { readonly type: 'final'; readonly reason: string };

/** A step's end with a reason that is already in ECS's `Name: detail` form. */
export class StepError extends Error {
  override readonly name = 'StepError';
}

/** Only what may pass by itself is retried; a stop or a removal never ends before it is done. */
export function failureOf(step: Step['type'], error: unknown): Failure {
  const detail = error instanceof RuntimeError ? error.detail : messageOf(error);
  if (isEngineAway(error)) return { type: 'retry', because: detail };
  if (error instanceof NetworkError && step === 'create-sandbox')
    return { type: 'final', reason: `ContainerNetworkingError: ${detail}` };
  if (error instanceof StepError) return { type: 'final', reason: error.message };
  switch (step) {
    case 'stop':
    case 'inspect':
    case 'release-sandbox':
    case 'remove':
      return { type: 'retry', because: detail };
    default: {
      const name = (error instanceof RuntimeError && namesByCode[error.code]) || namesByStep[step];
      return { type: 'final', reason: `${name}: ${detail}` };
    }
  }
}

/** ECS API reference, "Stopped task error codes". */
const namesByCode: Partial<Readonly<Record<RuntimeErrorCode, string>>> = {
  CannotPullContainer: 'CannotPullContainerError',
  CannotPullContainerAuth: 'CannotPullContainerAuthError',
  CannotPullImageManifest: 'CannotPullImageManifestError',
  CannotCreateContainer: 'CannotCreateContainerError',
  CannotStartContainer: 'CannotStartContainerError',
  CannotStopContainer: 'CannotStopContainerError',
  CannotCreateVolume: 'CannotCreateVolumeError',
  ContainerNetworking: 'ContainerNetworkingError',
};

/** For causes that any step may meet: a full disk, a port in use, a machine that can't. */
const namesByStep: Readonly<Record<Step['type'], string>> = {
  pull: 'CannotPullContainerError',
  'cancel-pull': 'CannotPullContainerError',
  'create-sandbox': 'ResourceInitializationError',
  create: 'CannotCreateContainerError',
  start: 'CannotStartContainerError',
  restart: 'CannotStartContainerError',
  stop: 'CannotStopContainerError',
  inspect: 'CannotInspectContainerError',
  settle: 'CannotStartContainerError',
  'fail-task': 'ResourceInitializationError',
  'release-sandbox': 'CannotRemoveContainerError',
  remove: 'CannotRemoveContainerError',
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
