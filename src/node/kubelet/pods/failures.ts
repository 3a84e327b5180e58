import { RuntimeError } from '../../../runtime/index.ts';

/** As the pod's status and events tell it. */
export const messageOf = (error: unknown): string =>
  error instanceof RuntimeError ? error.detail : error instanceof Error ? error.message : String(error);
