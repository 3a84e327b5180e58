import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FileKeySelector } from '../objects/pod.ts';
import { containerEnvironment } from './container-environment.ts';
import { valueInEnvFile } from './env-file.ts';

describe('an env file', () => {
  it.each([
    ["A='one'", 'one'],
    ["  \t\n# A='no'\n  A='one' # comment\nA='two'", 'one'],
    ["A='#no comment \\n $B \"'", '#no comment \\n $B "'],
    ["A='one\n  two\n'\n", 'one\n  two\n'],
    ["A=''", ''],
    ["A= 'one'", ''],
    ["B= 'other'\nA='one'", 'one'],
    ["B='A=two'", undefined],
    ['', undefined],
    // What comes after it is not looked at.
    ["A='one'\nnonsense", 'one'],
  ])('%j says %j', (text, value) => expect(valueInEnvFile(text, 'A')).toBe(value));

  it('is read at once, however many lines a value has', { timeout: 20_000 }, () => {
    const lines = '\n'.repeat(1_048_000);
    expect(valueInEnvFile(`B='${lines}'\nA='one'`, 'A')).toBe('one');
  });

  it.each([
    ['A=one', 'at line 1: value must be enclosed in single quotes'],
    ['A="one"', 'at line 1: value must be enclosed in single quotes'],
    ["B='x'\n\nA", "at line 3: missing '='"],
    ["='x'", 'at line 1: empty variable name'],
    ["A ='x'", "at line 1: whitespace before '=' is not allowed"],
    ["A='one''two'", 'at line 1: unexpected content after closing quote'],
    ["A='one", 'unclosed single quote'],
  ])('%j is none', (text, why) => expect(() => valueInEnvFile(text, 'A')).toThrow(why));
});

describe.skipIf(process.platform !== 'linux')('a variable from a file of a volume', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'env-file-'));
    mkdirSync(join(directory, 'volume/inner'), { recursive: true });
    writeFileSync(join(directory, 'volume/inner/env'), "A='one'\n");
    writeFileSync(join(directory, 'outside'), "A='secret'\n");
    symlinkSync(join(directory, 'outside'), join(directory, 'volume/link'));
    symlinkSync(directory, join(directory, 'volume/up'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  const environment = async (fileKeyRef: FileKeySelector) => {
    const container = { name: 'app', env: [{ name: 'V', valueFrom: { fileKeyRef } }] };
    const found = await containerEnvironment(
      {
        pod: {
          metadata: { name: 'web', namespace: 'shop', uid: 'u' },
          spec: { containers: [container], enableServiceLinks: false },
        },
        ...{ container, services: [], hostname: 'web', allocatable: {} },
        addresses: { podIps: [], hostIps: [] },
        objects: { configMap: async () => undefined, secret: async () => undefined },
        volumes: new Map([['v', { source: join(directory, 'volume') }]]),
      },
      AbortSignal.timeout(30_000),
    );
    return found.get('V');
  };
  const of = { volumeName: 'v', path: 'inner/env', key: 'A' };

  it('is set', async () => expect(await environment(of)).toBe('one'));
  it('may be missing where it is optional', async () => {
    expect(await environment({ ...of, key: 'B', optional: true })).toBeUndefined();
    expect(await environment({ ...of, path: 'none', optional: true })).toBeUndefined();
  });
  it.each([
    [
      'a key that is not there',
      { ...of, key: 'B' },
      'environment variable key "B" not found in file "inner/env"',
    ],
    [
      'a volume that is not there',
      { ...of, volumeName: 'w' },
      'cannot find the volume "w" referenced by FileKeyRef',
    ],
    ['no file', { ...of, path: 'none' }, "couldn't parse env file"],
    ['a directory', { ...of, path: 'inner' }, "couldn't parse env file"],
    ['a link out of the volume', { ...of, path: 'link' }, "couldn't parse env file"],
    ['a way over a link', { ...of, path: 'up/outside', optional: true }, "couldn't parse env file"],
    ['a way out', { ...of, path: '../outside' }, "couldn't parse env file"],
  ])('is refused of %s', (_, ref, why) => expect(environment(ref)).rejects.toThrow(why));
});
