import { ListClustersCommand } from '@aws-sdk/client-ecs';
import { expect, it } from 'vitest';
import { send } from '../../gateway/testing/sending.ts';
import { openTestGateway } from '../../gateway/testing/test-gateway.ts';
import { ApiRequests } from './api-requests.ts';
import { exposition } from './exposition.ts';

const linesOf = (requests: ApiRequests): string[] =>
  exposition(requests.families())
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));

it('answers are counted by service, operation and the class of their status', async () => {
  const requests = new ApiRequests();
  await using gateway = await openTestGateway({ onAnswered: (answered) => requests.note(answered) });
  const ecs = gateway.ecs();
  await ecs.send(new ListClustersCommand({}));
  await ecs.send(new ListClustersCommand({}));
  const stranger = gateway.ecs({ secretAccessKey: 'another' });
  await expect(stranger.send(new ListClustersCommand({}))).rejects.toThrow();
  await send(gateway, { method: 'GET', path: '/whatever-somebody-types' });
  const counted = linesOf(requests).filter((line) => line.startsWith('catamaran_api_requests_total'));
  expect(counted.sort()).toEqual([
    'catamaran_api_requests_total{service="ecs",operation="ListClusters",code="2xx"} 2',
    // Who it is is not known before the operation is.
    'catamaran_api_requests_total{service="ecs",operation="unknown",code="4xx"} 1',
    'catamaran_api_requests_total{service="unknown",operation="unknown",code="4xx"} 1',
  ]);
});

it('durations are in seconds, in buckets of which each has what those before it have', () => {
  const requests = new ApiRequests();
  const one = { service: 'ecs', operation: 'RunTask', status: 200 };
  for (const durationMs of [0.5, 5, 7, 20_000]) requests.note({ ...one, durationMs });
  const labels = 'service="ecs",operation="RunTask"';
  const lines = linesOf(requests).filter((line) => line.includes('duration'));
  expect(lines).toEqual(
    expect.arrayContaining(
      [
        `_bucket{${labels},le="0.001"} 1`,
        `_bucket{${labels},le="0.0025"} 1`,
        `_bucket{${labels},le="0.005"} 2`,
        `_bucket{${labels},le="0.01"} 3`,
        `_bucket{${labels},le="10"} 3`,
        `_bucket{${labels},le="+Inf"} 4`,
        `_sum{${labels}} 20.0125`,
        `_count{${labels}} 4`,
      ].map((end) => `catamaran_api_request_duration_seconds${end}`),
    ),
  );
  expect(lines).toHaveLength(16);
});

it('operations beyond the limit are counted together', () => {
  const requests = new ApiRequests({ mostOperations: 1 });
  for (const operation of ['RunTask', 'StopTask', 'ListTasks', 'RunTask'])
    requests.note({ service: 'ecs', operation, status: 200, durationMs: 1 });
  expect(linesOf(requests).filter((line) => line.includes('requests_total'))).toEqual([
    'catamaran_api_requests_total{service="ecs",operation="RunTask",code="2xx"} 2',
    'catamaran_api_requests_total{service="other",operation="other",code="2xx"} 2',
  ]);
});
