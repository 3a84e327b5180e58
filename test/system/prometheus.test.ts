import { waitUntilServicesStable } from '@aws-sdk/client-ecs';
import { expect, it, onTestFinished } from 'vitest';
import { quickly, startSystem } from './system.ts';

/** The samples of a page by name and labels, those of the installation's scope left out. */
function samplesOf(page: string): Record<string, number> {
  const lines = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => {
      const [, name = '', value = ''] = /^(.*) (\S+)$/.exec(line) ?? [];
      return [name.replace(/account_id="\d{12}",region="eu-west-1",/, ''), Number(value)];
    }),
  );
}

it('GET /metrics has what ECS and load balancers have, what was asked, and how the process is', async () => {
  const system = await startSystem({ seed: 7, instances: 2 });
  onTestFinished(() => system[Symbol.asyncDispose]());
  const { ecs, elb, ec2 } = system;
  await ecs.createCluster({ clusterName: 'empty' });
  await system.define('web');
  await ecs.createService({ serviceName: 'web', taskDefinition: 'web', desiredCount: 3 });
  await ecs.createService({ serviceName: 'each', taskDefinition: 'web', schedulingStrategy: 'DAEMON' });
  await waitUntilServicesStable({ client: ecs, ...quickly }, { services: ['web', 'each'] });
  await expect(ecs.describeTasks({ cluster: 'nowhere', tasks: ['a'] })).rejects.toThrow();
  const { Vpcs: [vpc] = [] } = await ec2.describeVpcs({});
  await elb.createTargetGroup({ Name: 'web', Protocol: 'HTTP', Port: 80, VpcId: vpc?.VpcId });

  const answer = await fetch(`${system.endpoint}/metrics`);
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const page = await answer.text();
  const samples = samplesOf(page);
  expect(samples).toMatchObject({
    'catamaran_ecs_tasks{cluster="default",last_status="RUNNING"}': 5,
    'catamaran_ecs_tasks{cluster="default",last_status="PENDING"}': 0,
    'catamaran_ecs_tasks{cluster="empty",last_status="RUNNING"}': 0,
    'catamaran_ecs_container_instances{cluster="default",status="ACTIVE"}': 2,
    'catamaran_ecs_container_instances{cluster="default",status="DRAINING"}': 0,
    'catamaran_ecs_service_desired_tasks{cluster="default",service="web"}': 3,
    'catamaran_ecs_service_running_tasks{cluster="default",service="web"}': 3,
    'catamaran_ecs_service_pending_tasks{cluster="default",service="web"}': 0,
    'catamaran_ecs_service_desired_tasks{cluster="default",service="each"}': 2,
    'catamaran_ecs_service_running_tasks{cluster="default",service="each"}': 2,
    'catamaran_api_requests_total{service="ecs",operation="CreateService",code="2xx"}': 2,
    'catamaran_api_requests_total{service="ecs",operation="DescribeTasks",code="4xx"}': 1,
    'catamaran_api_request_duration_seconds_count{service="ecs",operation="CreateService"}': 2,
    'catamaran_api_request_duration_seconds_bucket{service="ecs",operation="CreateService",le="+Inf"}': 2,
  });
  const hosts = Object.entries(samples).filter(([name]) => name.startsWith('catamaran_target_group_hosts'));
  expect(hosts.map(([, value]) => value)).toEqual([0, 0]);
  expect(samples.process_resident_memory_bytes).toBeGreaterThan(10_000_000);
  expect(samples.catamaran_uptime_seconds).toBeGreaterThan(0);
  expect(samples.catamaran_event_loop_lag_seconds).toBeGreaterThanOrEqual(0);
  // Each series once, and each of them of a family that is declared.
  const names = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  expect(new Set(names.map((line) => line.replace(/ \S+$/, ''))).size).toBe(names.length);

  const again = samplesOf(await (await fetch(`${system.endpoint}/metrics`)).text());
  expect(again['catamaran_api_requests_total{service="catamaran",operation="GET /metrics",code="2xx"}']).toBe(
    1,
  );
  const proxied = await fetch(`${system.endpoint}/metrics`, { headers: { 'x-forwarded-for': '10.0.0.1' } });
  expect([proxied.status, await proxied.text()]).toEqual([403, expect.not.stringContaining('catamaran_')]);
});
