import { afterAll, beforeAll, describe, expect } from 'vitest';
import { describeContainers } from './conformance-containers.ts';
import { describeOutput } from './conformance-output.ts';
import { describeSandboxes } from './conformance-sandboxes.ts';
import { describeSettings } from './conformance-settings.ts';
import { describeStreams } from './conformance-streams.ts';
import { describeTerminals } from './conformance-terminals.ts';
import { type RuntimeUnderTest, Words } from './conformance-words.ts';

export interface ConformanceOptions {
  /** Tests of what this driver does not do, by title, with the reason: they are not run. */
  readonly skips?: Readonly<Record<string, string>>;
}

/** What every driver must do, on whatever it runs containers. */
export function describeRuntimeConformance(
  name: string,
  open: () => Promise<RuntimeUnderTest>,
  { skips = {} }: ConformanceOptions = {},
): void {
  describe(`${name} runtime`, () => {
    const words = new Words(skips);
    beforeAll(async () => {
      words.under = await open();
    });
    afterAll(async () => {
      const { under, runtime, labels } = words;
      for (const { id } of await runtime.listSandboxes(labels)) await runtime.removeSandbox(id);
      expect(await runtime.listSandboxes(labels)).toEqual([]);
      expect(await runtime.listContainers(labels)).toEqual([]);
      await under[Symbol.asyncDispose]();
      const unknown = Object.keys(skips).filter((title) => !words.titles.has(title));
      expect(unknown, 'skips of tests that do not exist').toEqual([]);
    });

    describeSandboxes(words);
    describeContainers(words);
    describeStreams(words);
    describeTerminals(words);
    describeSettings(words);
    describeOutput(words);
  });
}
