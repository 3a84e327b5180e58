import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../clock/index.ts';
import type { Image } from '../../runtime/index.ts';
import { resolveImage } from './images.ts';

type Behavior = Parameters<typeof resolveImage>[1]['behavior'];

const image = (id: string): Image => ({ id, env: {} }) as Image;

/** Resolves an image of which the machine has a copy or not, from a registry that has it or not. */
async function resolved(behavior: Behavior, here: boolean, there: boolean, wasPulledBefore: boolean) {
  const clock = new VirtualClock(1_000);
  const pulls: (readonly [number, number])[] = [];
  const resolving = resolveImage('web:1', {
    behavior,
    runtime: {
      pullImage: async () => {
        await clock.sleep(500);
        if (!there) throw new Error('no such image');
        return image('theirs');
      },
      inspectImage: async () => (here ? image('ours') : undefined),
    },
    state: { wasPulled: () => wasPulledBefore, recordPull: () => {} },
    clock,
    signal: new AbortController().signal,
    onPullEnded: (startedAtMs) => pulls.push([startedAtMs, clock.now()]),
  });
  const outcome = resolving.then(
    ({ id }) => id,
    () => 'failed',
  );
  await clock.advance(500);
  return { image: await outcome, pulls };
}

describe('an image', () => {
  const pulled = [[1_000, 1_500]];
  test.each<[Behavior, boolean, boolean, boolean, string, unknown]>([
    // behaviour, here, in the registry, pulled before; the image, the pulls told of
    ['always', true, true, false, 'theirs', pulled],
    ['always', true, false, false, 'failed', pulled],
    ['prefer-cached', true, true, false, 'ours', []],
    ['prefer-cached', false, true, false, 'theirs', pulled],
    ['prefer-cached', false, false, false, 'failed', pulled],
    ['once', true, true, true, 'ours', []],
    ['once', true, true, false, 'theirs', pulled],
    ['default', true, false, false, 'ours', pulled],
    ['default', false, false, false, 'failed', pulled],
  ])('%s, here: %s, in the registry: %s, pulled before: %s', async (...row) => {
    const [behavior, here, there, wasPulledBefore, expected, pulls] = row;
    expect(await resolved(behavior, here, there, wasPulledBefore)).toEqual({ image: expected, pulls });
  });
});
