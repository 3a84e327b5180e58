import type { Resource } from '../schema/catalogue.ts';

/** What a write is about. */
export interface Target {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly name: string;
}
