import { RuntimeError } from '../../../runtime/index.ts';

/** Nothing is wrong with the pod: it is tried again when the Engine is back. */
export const isEngineAway = (error: unknown): boolean =>
  error instanceof RuntimeError && error.code === 'EngineUnavailable';

/** As the pod's status and events tell it. */
export const messageOf = (error: unknown): string =>
  error instanceof RuntimeError ? error.detail : error instanceof Error ? error.message : String(error);
