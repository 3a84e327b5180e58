import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { VirtualClock } from '../../clock/index.ts';
import { silentLog } from '../../log.ts';
import type { KubernetesObject } from '../objects/object.ts';
import { durationText, nodeMetrics, podMetrics } from './metrics-objects.ts';
import { UsageCollector } from './usage-collector.ts';

const node: KubernetesObject = {
  ...{ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', labels: { zone: 'a' } } },
  status: { daemonEndpoints: { kubeletEndpoint: { Port: 1 } } } as never,
} as KubernetesObject;
const pod: KubernetesObject = {
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'default' } },
  spec: { nodeName: 'n' },
} as KubernetesObject;

const told = (cpu: number, timeMs: number, memory = 4096) =>
  [
    '# TYPE container_cpu_usage_seconds_total counter',
    `container_cpu_usage_seconds_total{container="c",namespace="default",pod="p"} ${cpu} ${timeMs}`,
    `container_memory_working_set_bytes{container="c",namespace="default",pod="p"} ${memory} ${timeMs}`,
    'container_start_time_seconds{container="c",namespace="default",pod="p"} 5',
    `node_cpu_usage_seconds_total ${2 * cpu} ${timeMs}`,
    `node_memory_working_set_bytes ${2 * memory} ${timeMs}`,
    '',
  ].join('\n');

it('nodes and pods use what lies between two looks, for as long as that says something', async () => {
  let answer = '';
  const server = createServer((_, response) => response.end(answer)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const clock = new VirtualClock(1_000_000);
  let present = [node];
  const collector = new UsageCollector({
    ...{ clock, log: silentLog },
    objects: { all: () => present, get: () => pod } as never,
    kubelets: { open: async (_: unknown, { path }: { path: string }) => request({ port, path }) } as never,
  });
  const { signal } = new AbortController();
  const look = async (text: string) => {
    answer = text;
    await collector.look(signal);
  };
  await look(told(10, 985_000));
  expect([collector.node('n'), collector.pod('default', 'p')]).toEqual([undefined, undefined]);
  await look(told(13, 1_000_000));
  const usage = { cpuNanoCores: 200_000_000, memoryBytes: 4096, timeMs: 1_000_000, windowMs: 15_000 };
  const found = collector.pod('default', 'p');
  expect(found?.containers.get('c')).toEqual(usage);
  if (found === undefined) throw new Error('Nothing is known of the pod');
  expect(podMetrics(pod, found, 1_000_000)).toMatchObject({
    ...{ kind: 'PodMetrics', timestamp: '1970-01-01T00:16:40Z', window: '15s' },
    containers: [{ name: 'c', usage: { cpu: '200000000n', memory: '4Ki' } }],
  });
  const ofNode = collector.node('n');
  expect(ofNode).toMatchObject({ cpuNanoCores: 400_000_000 });
  if (ofNode !== undefined)
    expect(nodeMetrics(node, ofNode, 0)).toMatchObject({ metadata: { name: 'n', labels: { zone: 'a' } } });
  // It has begun anew: what it has used since is not what it used in that time.
  await look(told(1, 1_015_000));
  expect(collector.pod('default', 'p')).toBeUndefined();
  await look('no metrics at all');
  expect(collector.node('n')).toBeUndefined();
  await look(told(1, 1_030_000));
  await look(told(2, 1_045_000));
  expect(collector.node('n')).toBeDefined();
  await clock.advance(100_000);
  expect(collector.node('n')).toBeUndefined();
  present = [];
  await collector.look(signal);
  expect(collector.pod('default', 'p')).toBeUndefined();
  server.close();
});

it.each([
  [15_020, '15.02s'],
  [65_000, '1m5s'],
])('%i ms are %s', (ms, text) => expect(durationText(ms)).toBe(text));
