import { expect, it } from 'vitest';
import type { KubernetesObject } from '../objects/object.ts';
import { resourceNamed } from '../schema/catalogue.ts';
import { duration } from './age.ts';
import { columnsOf } from './columns.ts';
import { podCells } from './pod-cells.ts';

it('ages are as long as kubectl prints them', () => {
  const minute = 60;
  const hour = 60 * minute;
  const day = 24 * hour;
  const ages: readonly (readonly [seconds: number, text: string])[] = [
    ...([
      [0, '0s'],
      [119, '119s'],
      [120, '2m'],
      [330, '5m30s'],
      [75 * minute, '75m'],
    ] as const),
    ...([
      [3 * hour + 20 * minute, '3h20m'],
      [30 * hour, '30h'],
      [5 * day + 3 * hour, '5d3h'],
    ] as const),
    ...([
      [200 * day, '200d'],
      [3 * 365 * day + 20 * day, '3y20d'],
      [9 * 365 * day, '9y'],
    ] as const),
  ];
  expect(ages.map(([seconds]) => duration(seconds))).toEqual(ages.map(([, text]) => text));
});

it.each([
  ['Pending', { phase: 'Pending' }, {}, ['0/1', 'Pending', '0']],
  [
    'waiting',
    { phase: 'Pending', containerStatuses: [{ name: 'c', state: { waiting: { reason: 'ErrImagePull' } } }] },
    {},
    ['0/1', 'ErrImagePull', '0'],
  ],
  [
    'running',
    {
      phase: 'Running',
      containerStatuses: [{ name: 'c', ready: true, restartCount: 2, state: { running: {} } }],
    },
    {},
    ['1/1', 'Running', '2'],
  ],
  [
    'ended',
    { phase: 'Failed', containerStatuses: [{ name: 'c', state: { terminated: { exitCode: 3 } } }] },
    {},
    ['0/1', 'ExitCode:3', '0'],
  ],
  [
    'in its beginning',
    { phase: 'Pending', initContainerStatuses: [{ name: 'i', state: { running: {} } }] },
    {},
    ['0/1', 'Init:0/1', '0'],
  ],
  ['going', { phase: 'Running' }, { deletionTimestamp: '2026-01-01T00:00:00Z' }, ['0/1', 'Terminating', '0']],
] as const)('a pod that is %s says so', (_what, status, metadata, cells) => {
  const spec = { containers: [{ name: 'c' }], initContainers: [{ name: 'i' }] };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', ...metadata },
    spec,
    status,
  } as unknown as KubernetesObject;
  const { ready, status: told, restarts } = podCells(pod, 0);
  expect([ready, told, restarts]).toEqual(cells);
});

it.each<readonly [group: string, name: string, object: object, cells: readonly unknown[]]>([
  [
    ...(['autoscaling', 'horizontalpodautoscalers'] as const),
    {
      spec: {
        ...{ maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'web' } },
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: 80 } } },
          { type: 'External', external: { metric: { name: 'q' }, target: { averageValue: '5' } } },
          { type: 'Pods', pods: {} },
        ],
      },
      status: {
        currentReplicas: 2,
        currentMetrics: [
          { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 10 } } },
        ],
      },
    },
    ['Deployment/web', 'cpu: 10%/80%, <unknown>/5 (avg) + 1 more...', '<unset>', 3, 2],
  ],
  [
    ...(['policy', 'poddisruptionbudgets'] as const),
    { spec: { minAvailable: '50%' }, status: { disruptionsAllowed: 1 } },
    ['50%', 'N/A', 1],
  ],
  [
    ...(['', 'resourcequotas'] as const),
    { status: { hard: { pods: '10', cpu: '2', 'limits.cpu': '4' }, used: { pods: '1', 'limits.cpu': '1' } } },
    ['cpu: 0/2, pods: 1/10', 'limits.cpu: 1/4'],
  ],
  [
    ...(['discovery.k8s.io', 'endpointslices'] as const),
    {
      ...{ addressType: 'IPv4', ports: [{ port: 80 }] },
      endpoints: [{ addresses: ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'] }],
    },
    ['IPv4', '80', '10.0.0.1,10.0.0.2,10.0.0.3 + 1 more...'],
  ],
  [
    ...(['resource.k8s.io', 'resourceclaims'] as const),
    { status: { allocation: {}, reservedFor: [{}] } },
    ['allocated,reserved'],
  ],
])('a row of %s %s says what kubectl prints', (group, name, members, cells) => {
  const object = { apiVersion: 'v1', kind: 'X', metadata: { name: 'x' }, ...members } as KubernetesObject;
  const row = columnsOf(resourceNamed(group, name)).map(({ cell }) => cell(object, 0));
  expect(row.slice(1, 1 + cells.length)).toEqual(cells);
});

it.each([
  [{ type: 'ClusterIP', externalIPs: ['192.0.2.1'] }, {}, '192.0.2.1'],
  [{ type: 'LoadBalancer' }, {}, '<pending>'],
  [
    { type: 'LoadBalancer' },
    { loadBalancer: { ingress: [{ hostname: 'web.elb.example' }] } },
    'web.elb.example',
  ],
  [{ type: 'ExternalName', externalName: 'db.example' }, {}, 'db.example'],
])('a service %j with the status %j is reached from outside at %s', (spec, status, expected) => {
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec, status };
  const cells = columnsOf(resourceNamed('', 'services')).map(({ cell }) =>
    cell(service as unknown as KubernetesObject, 0),
  );
  expect(cells).toContain(expected);
});
