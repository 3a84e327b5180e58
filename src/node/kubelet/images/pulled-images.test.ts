import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../../log.ts';
import { RuntimeError } from '../../../runtime/index.ts';
import { ImageCollector } from './image-collector.ts';
import { PulledImages } from './pulled-images.ts';

const image = (sizeBytes: number) => ({ id: 'sha256:1', sizeBytes, exposedPorts: [], env: {} });
let directory: string;
let nowMs: number;
let removed: string[];
/** As the engine refuses what a container is made from. */
let inUse: ReadonlySet<string>;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'images-'));
  [nowMs, removed, inUse] = [0, [], new Set()];
});
afterEach(() => rmSync(directory, { recursive: true }));

const open = () =>
  new PulledImages({
    ...{ stateDirectory: directory, clock: { now: () => nowMs }, log: silentLog },
    runtime: {
      removeImage: async (reference) => {
        if (inUse.has(reference)) throw new RuntimeError('Unsupported', 'conflict', 'conflict');
        removed.push(reference);
      },
    },
  });

describe('images that a node pulled', () => {
  it('are used, and removed, also where nothing can be written down', async () => {
    mkdirSync(join(directory, 'images.json.new'));
    const images = open();
    images.pulled('a:1', image(100));
    nowMs = 120_010;
    expect(await images.remove(Number.POSITIVE_INFINITY, new Set())).toBe(100);
    expect([removed, images.totalBytes]).toEqual([['a:1'], 0]);
  });

  it('go when they are unused, the longest first, and no more of them than is needed', async () => {
    const images = open();
    for (const [index, name] of ['a:1', 'b:1', 'c:1', 'd:1', 'e:1'].entries()) {
      nowMs = index;
      images.pulled(name, image(100));
    }
    nowMs = 10;
    images.used('a:1');
    expect(await images.remove(Number.POSITIVE_INFINITY, new Set())).toBe(0);
    nowMs = 120_010;
    inUse = new Set(['c:1']);
    expect(await images.remove(150, new Set(['b:1']))).toBe(200);
    expect(removed).toEqual(['d:1', 'e:1']);
    // The next kubelet knows them, too.
    const next = open();
    expect(next.totalBytes).toBe(300);
    expect(await next.remove(Number.POSITIVE_INFINITY, new Set())).toBe(200);
    expect(removed.slice(2).toSorted()).toEqual(['a:1', 'b:1']);
  });

  it.each([
    ['below 85 %', 16, 0, undefined],
    ['from there on, until a fifth is free', 15, 5, undefined],
    [
      'as far as there are any',
      10,
      10,
      'Attempted to free 10 bytes, but only found 7 bytes eligible to free.',
    ],
  ])('go %s', async (_, available, wanted, told) => {
    const events: string[] = [];
    let asked = 0;
    const collector = new ImageCollector({
      ...{ clock: { sleep: async () => {} }, needed: () => new Set<string>() },
      disk: async () => ({ capacity: 100, available }),
      images: {
        remove: async (bytes) => {
          asked = bytes;
          return Math.min(bytes, 7);
        },
      },
      events: { ofNode: (type, reason, message) => void events.push(`${type} ${reason}: ${message}`) },
    });
    await collector.collect();
    expect(asked).toBe(wanted);
    const failed = 'Warning FreeDiskSpaceFailed: Failed to garbage collect required amount of images.';
    expect(events).toEqual(told === undefined ? [] : [`${failed} ${told}`]);
  });
});
