import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { ECS } from '@aws-sdk/client-ecs';
import type { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { inContainer, testImage } from './image.ts';
import { Installation, waitFor } from './installation.ts';

let installation: Installation;
let ecs: ECS;
let elb: ElasticLoadBalancingV2;
let image: string;

beforeAll(async () => {
  image = await testImage();
  installation = await Installation.start();
  ecs = installation.ecs();
  elb = installation.elb();
});

afterAll(async () => {
  await installation?.[Symbol.asyncDispose]();
});

const answering = 'mkdir /www; hostname -i > /www/index.html; exec httpd -f -p 80 -h /www';

interface Task {
  readonly arn: string;
  readonly address: string;
}

async function launch(count: number): Promise<readonly Task[]> {
  await ecs.registerTaskDefinition({
    family: 'web',
    networkMode: 'awsvpc',
    containerDefinitions: [
      { name: 'app', image, memory: 16, stopTimeout: 2, command: ['sh', '-c', answering] },
    ],
  });
  const { tasks = [] } = await ecs.runTask({
    taskDefinition: 'web',
    count,
    networkConfiguration: { awsvpcConfiguration: { subnets: [await installation.subnetId('a')] } },
  });
  return Promise.all(
    tasks.map(({ taskArn: arn = '' }) =>
      waitFor(`${arn} to run`, async () => {
        const { tasks: [task] = [] } = await ecs.describeTasks({ tasks: [arn] });
        if (task?.lastStatus === 'STOPPED') throw new Error(`It stopped: ${task.stoppedReason}`);
        if (task?.lastStatus !== 'RUNNING') return undefined;
        const details = task.attachments?.[0]?.details ?? [];
        return { arn, address: details.find(({ name }) => name === 'privateIPv4Address')?.value ?? '' };
      }),
    ),
  );
}

/** Process ids of the HAProxies of this installation. */
function proxies(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(
          `haproxy\0-f\0${installation.stateDirectory}/`,
        );
      } catch {
        return false;
      }
    })
    .map(Number);
}

it('A load balancer carries requests to tasks by its rules, while it is changed, and while nobody looks after it', async () => {
  await installation.openDefaultGroup();
  const [one, two] = await launch(2);
  if (one === undefined || two === undefined) throw new Error('There are not two tasks');
  const subnets = [await installation.subnetId('a'), await installation.subnetId('b')];
  const { LoadBalancers: [balancer] = [] } = await elb.createLoadBalancer({
    Name: 'web',
    Subnets: subnets,
  });
  const loadBalancerArn = balancer?.LoadBalancerArn ?? '';
  const { TargetGroups: [made] = [] } = await elb.createTargetGroup({
    ...{ Name: 'web', Protocol: 'HTTP', Port: 80, VpcId: balancer?.VpcId, TargetType: 'ip' },
    ...{ HealthCheckIntervalSeconds: 5, HealthCheckTimeoutSeconds: 4, UnhealthyThresholdCount: 10 },
  });
  const group = { TargetGroupArn: made?.TargetGroupArn };
  const targets = [one, two].map(({ address: Id }) => ({ Id }));
  await elb.registerTargets({ ...group, Targets: targets });
  const { Listeners: [listener] = [] } = await elb.createListener({
    LoadBalancerArn: loadBalancerArn,
    ...{ Protocol: 'HTTP', Port: 80, DefaultActions: [{ Type: 'forward', ...group }] },
  });
  await waitFor('the load balancer to be active', async () => {
    const { LoadBalancers: [found] = [] } = await elb.describeLoadBalancers({
      LoadBalancerArns: [loadBalancerArn],
    });
    return found?.State?.Code === 'active' ? true : undefined;
  });
  const states = async (): Promise<readonly string[]> => {
    const { TargetHealthDescriptions = [] } = await elb.describeTargetHealth(group);
    return TargetHealthDescriptions.map(({ Target, TargetHealth }) => `${Target?.Id} ${TargetHealth?.State}`);
  };
  const reach = (wanted: readonly string[]): Promise<true> =>
    waitFor(`targets to be ${wanted.join(', ')}`, async () => {
      const now = await states();
      return JSON.stringify([...now].sort()) === JSON.stringify([...wanted].sort()) ? true : undefined;
    });
  await reach([`${one.address} healthy`, `${two.address} healthy`]);

  // From the machine by the public addresses, from within the VPC by the name.
  const { NetworkInterfaces = [] } = await installation.ec2().describeNetworkInterfaces({
    Filters: [{ Name: 'description', Values: [`ELB app/web/${loadBalancerArn.split('/').at(-1)}`] }],
  });
  const places = NetworkInterfaces.map(({ Association }) => `http://${Association?.PublicIp}`);
  expect(places).toHaveLength(2);
  const [place = ''] = places;
  const ask = async (path = '/'): Promise<string> => {
    const response = await fetch(place + path, { headers: { connection: 'close' } });
    return `${response.status} ${(await response.text()).trim()}`;
  };
  // What the records say the load balancer does a moment later.
  await waitFor('both to answer', async () => {
    const answers = await Promise.all([ask(), ask(), ask(), ask()]).catch(() => []);
    const said = JSON.stringify([...new Set(answers)].sort());
    return said === JSON.stringify([`200 ${one.address}`, `200 ${two.address}`].sort()) ? true : undefined;
  });
  for (const each of places)
    await waitFor(`${each} to answer`, async () => {
      const status = await fetch(each).then(
        (answer) => answer.status,
        () => 0,
      );
      return status === 200 ? true : undefined;
    });
  // Who has no public address reaches an internal one.
  const { LoadBalancers: [within] = [] } = await elb.createLoadBalancer({
    ...{ Name: 'within', Scheme: 'internal', Subnets: subnets },
  });
  await elb.createListener({
    LoadBalancerArn: within?.LoadBalancerArn,
    ...{ Protocol: 'HTTP', Port: 80 },
    DefaultActions: [
      { Type: 'fixed-response', FixedResponseConfig: { StatusCode: '200', MessageBody: 'within' } },
    ],
  });
  await waitFor('the internal one to answer', async () => {
    const asked = `wget -q -O - http://${within?.DNSName}/`;
    const answer = await inContainer(installation.stateDirectory, one.arn, asked).catch(() => '');
    return answer === 'within' ? true : undefined;
  });
  await elb.deleteLoadBalancer({ LoadBalancerArn: within?.LoadBalancerArn });
  await waitFor('its processes to end', async () => (proxies().length === 2 ? true : undefined));

  await elb.modifyLoadBalancerAttributes({
    LoadBalancerArn: loadBalancerArn,
    Attributes: [
      { Key: 'access_logs.s3.enabled', Value: 'true' },
      { Key: 'access_logs.s3.bucket', Value: 'harbour-logs' },
    ],
  });

  await elb.createRule({
    ListenerArn: listener?.ListenerArn,
    Priority: 1,
    Conditions: [{ Field: 'path-pattern', Values: ['/maintenance*'] }],
    Actions: [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '418', MessageBody: 'not now' } }],
  });
  await waitFor('the rule to hold', async () =>
    (await ask('/maintenance/1')) === '418 not now' ? true : undefined,
  );
  // Of the newest lines only: before others ask.
  await waitFor('what was asked to be logged', async () => {
    await ask('/maintenance/1');
    const { stdout } = await installation.catamaran('balancer', 'logs', 'web', '--limit', '500');
    const line = stdout.split('\n').find((each) => each.includes(' 418 - '));
    if (line === undefined) return undefined;
    expect(line).toMatch(
      /^http \S+ app\/web\/\w{16} [\d.]+:\d+ - -1 -1 -1 418 - \d+ \d+ "GET http:\S+\/maintenance\/1 /,
    );
    expect(line).toMatch(/ 1 \S+Z "fixed-response" "-" "-" "-" "-" "-" "-" TID_\w+ "-" "-" "-"$/);
    return true;
  });

  // Everything that follows happens while others ask.
  const failures: string[] = [];
  const asking = new AbortController();
  const load = (async () => {
    while (!asking.signal.aborted) {
      const answer = await ask().catch((error: Error) => `${error.message} ${error.cause}`);
      if (!answer.startsWith('200 ')) failures.push(answer);
    }
  })();
  // Targets find no such page: what they are asked is another one.
  expect(await ask('/v2/fleet')).toMatch(/^404 /);
  await elb.createRule({
    ListenerArn: listener?.ListenerArn,
    Priority: 2,
    Conditions: [{ Field: 'path-pattern', PathPatternConfig: { RegexValues: ['^/v[0-9]+/fleet$'] } }],
    Actions: [{ Type: 'forward', ...group }],
    Transforms: [
      { Type: 'url-rewrite', UrlRewriteConfig: { Rewrites: [{ Regex: '^/v\\d+/.*$', Replace: '/' }] } },
    ],
  });
  await waitFor('the transform to hold', async () =>
    (await ask('/v2/fleet')).startsWith('200 ') ? true : undefined,
  );
  await elb.deregisterTargets({ ...group, Targets: [{ Id: two.address }] });
  await reach([`${one.address} healthy`]);
  expect(await Promise.all([ask(), ask()])).toEqual([`200 ${one.address}`, `200 ${one.address}`]);

  // Those from before the last change answer what they were asked first.
  await waitFor('replaced proxies to end', async () => (proxies().length === 2 ? true : undefined));
  await installation.kill9();
  const before = proxies();
  expect(before).toHaveLength(2);
  for (let count = 0; count < 5; count += 1) expect(await ask()).toBe(`200 ${one.address}`);
  await installation.up();
  // It listens elsewhere now.
  elb = installation.elb();
  await elb.registerTargets({ ...group, Targets: [{ Id: two.address }] });
  await reach([`${one.address} healthy`, `${two.address} healthy`]);
  expect(proxies()).toEqual(before);
  asking.abort();
  await load;
  expect(failures).toEqual([]);

  for (const pid of proxies()) process.kill(pid, 'SIGKILL');
  await waitFor('HAProxy to be begun again', async () => {
    const answer = await ask().catch(() => '');
    const isAnew = !proxies().some((pid) => before.includes(pid));
    return isAnew && answer.startsWith('200 ') ? true : undefined;
  });

  await elb.deleteLoadBalancer({ LoadBalancerArn: loadBalancerArn });
  await waitFor('its processes to end', async () => (proxies().length === 0 ? true : undefined));
  const bucket = join(installation.stateDirectory, 'buckets', 'harbour-logs');
  await waitFor('its logs to be stored, with what both answered', async () => {
    const paths = readdirSync(bucket, { recursive: true, encoding: 'utf8' });
    if (paths.some((path) => path.endsWith('.part'))) return undefined;
    const lines = paths
      .filter((path) => path.endsWith('.log.gz'))
      .flatMap((path) =>
        gunzipSync(readFileSync(join(bucket, path)))
          .toString()
          .split('\n'),
      );
    const isLogged = ({ address }: Task): boolean =>
      lines.some((line) => line.includes(` ${address}:80 `) && line.includes(' 200 200 '));
    return isLogged(one) && isLogged(two) ? true : undefined;
  });
}, 400_000);
