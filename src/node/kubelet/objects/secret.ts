import type { KubernetesObject } from './object.ts';

export interface Secret extends KubernetesObject {
  readonly type?: string;
  /** In base64. */
  readonly data?: Readonly<Record<string, string>>;
  readonly immutable?: boolean;
}
