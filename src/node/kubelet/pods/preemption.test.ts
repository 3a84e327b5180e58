import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Pod, PodSpec } from '../objects/pod.ts';
import { podRequests } from '../resources/pod-requests.ts';
import { podsToPreempt } from './preemption.ts';

const nano = 1_000_000_000n;
const pod = (
  name: string,
  cpu: string,
  more: Partial<PodSpec> = {},
  kind: 'burstable' | 'guaranteed' = 'burstable',
): Pod => {
  const all = { cpu, memory: '1Mi' };
  const resources = cpu === '0' ? {} : { requests: all, ...(kind === 'guaranteed' && { limits: all }) };
  return {
    metadata: { name, namespace: 'n', uid: name },
    spec: { containers: [{ name: 'c', resources }], ...more },
  };
};
const critical = pod('critical', '1', { priority: 2_000_001_000 });
const cpu = (millis: number) => new Map([['cpu', BigInt(millis) * 1_000_000n]]);
const chosen = (others: readonly Pod[], lacking: ReadonlyMap<string, bigint>) =>
  podsToPreempt(critical, others, lacking)?.map(({ metadata }) => metadata.name);

describe('whom a pod that is needed takes the room of', () => {
  const small = pod('small', '200m');
  const large = pod('large', '900m');
  const guaranteed = pod('guaranteed', '1', {}, 'guaranteed');
  const idle = pod('idle', '0');
  const needed = pod('needed', '2', { priority: 2_000_001_000 });

  it.each<[string, readonly Pod[], ReadonlyMap<string, bigint>, readonly string[] | undefined]>([
    ['the one that comes closest', [small, large], cpu(150), ['small']],
    ['the one that is enough', [small, large], cpu(300), ['large']],
    ['both, where one is not', [small, large], cpu(1_000), ['large', 'small']],
    ['none that is Guaranteed while others do', [guaranteed, large], cpu(900), ['large']],
    ['one that is Guaranteed when they do not', [guaranteed, small], cpu(900), ['guaranteed']],
    [
      'one that asks for nothing, where pods are too many',
      [large, idle],
      new Map([['pods', nano]]),
      ['idle'],
    ],
    ['nobody that is needed as well', [needed, small], cpu(300), undefined],
  ])('is %s', (_, others, lacking, expected) => {
    expect(chosen(others, lacking)).toEqual(expected);
  });

  it('has enough, and nobody of a class could be spared', () => {
    const any = fc.record({ millis: fc.integer({ min: 1, max: 900 }), isGuaranteed: fc.boolean() });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 5 }), fc.integer({ min: 1, max: 2_000 }), (all, wanted) => {
        const others = all.map(({ millis, isGuaranteed }, index) =>
          pod(String(index), `${millis}m`, {}, isGuaranteed ? 'guaranteed' : 'burstable'),
        );
        const sum = (pods: readonly Pod[]): number =>
          pods.reduce((total, { spec }) => total + Number(podRequests(spec).get('cpu') ?? 0n) / 1e6, 0);
        const victims = podsToPreempt(critical, others, cpu(wanted));
        if (victims === undefined) expect(sum(others)).toBeLessThan(wanted);
        else expect(sum(victims)).toBeGreaterThanOrEqual(wanted);
      }),
    );
  });
});
