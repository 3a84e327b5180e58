import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from './installation.ts';
import { PodCluster } from './pod-cluster.ts';

/** Pods of real containers on a node group's nodes, with addresses of the VPC. */
describe('pods', () => {
  let cluster: PodCluster;
  const aws = (...args: string[]) => cluster.aws(...args);
  const k = (...args: string[]) => cluster.k(...args);
  const apply = (...objects: readonly object[]) => cluster.apply(...objects);
  const container = (command: string) => cluster.container(command);

  /** Runs a shell command in a pod of its own until it succeeds. @throws it failed; with what became of the pod. */
  async function inPod(name: string, command: string): Promise<void> {
    await apply({
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name } },
      spec: { restartPolicy: 'Never', automountServiceAccountToken: false, containers: [container(command)] },
    });
    const phase = await waitFor(`the pod ${name} to end`, async () => {
      const said = await cluster.phaseOf(name);
      return said === 'Succeeded' || said === 'Failed' ? said : undefined;
    });
    expect(phase, `${command}\n${await k('get', 'pod', name, '-o', 'yaml')}`).toBe('Succeeded');
    await k('delete', 'pod', name, '--wait=false');
  }

  beforeAll(async () => {
    cluster = await PodCluster.start(2);
  }, 300_000);
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
  }, 120_000);

  const app = { app: 'web' };
  const serve = 'mkdir /www && hostname > /www/index.html && exec httpd -f -p 8080 -h /www';
  const web = {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' } },
    spec: {
      ...{ replicas: 8, selector: { matchLabels: app } },
      template: {
        metadata: { labels: app },
        spec: {
          ...{ terminationGracePeriodSeconds: 0, automountServiceAccountToken: false },
          containers: [] as object[],
        },
      },
    },
  };
  const service = {
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' } },
    spec: { type: 'NodePort', selector: app, ports: [{ port: 80, targetPort: 8_080, nodePort: 30_080 }] },
  };
  const ready = () => k('rollout', 'status', 'deployment/web', '--timeout=60s');

  it('have addresses of the VPC, and are reached by their service’s name from each other', async () => {
    web.spec.template.spec.containers = [container(serve)];
    await apply(web, service);
    await ready();
    const addresses = await k('get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[*].status.podIP}');
    // More than an interface of a t3.small has: some are of a second one.
    expect(new Set(addresses.split(' ')).size).toBe(8);
    const shown = await aws(
      ...['ec2', 'describe-network-interfaces', '--output', 'text'],
      ...['--query', 'NetworkInterfaces[].PrivateIpAddresses[].PrivateIpAddress'],
    );
    for (const address of addresses.split(' ')) expect(shown.split(/\s+/)).toContain(address);
    const clusterIp = await k('get', 'service', 'web', '-o', 'jsonpath={.spec.clusterIP}');
    await inPod('by-service', Array(8).fill(`wget -q -O - http://${clusterIp}`).join(' && '));
    const name = 'web.default.svc.cluster.local';
    await inPod('by-name', `nslookup -type=a ${name} 10.100.0.10 | grep -q ${clusterIp}`);
    const nodes = await k('get', 'nodes', '-o', 'jsonpath={.items[*].status.addresses[0].address}');
    const each = nodes.split(' ').map((address) => `wget -q -O - http://${address}:30080`);
    await inPod('by-node-port', each.join(' && '));
    await inPod(
      'by-address',
      addresses
        .split(' ')
        .map((each) => `wget -q -O - http://${each}:8080`)
        .join(' && '),
    );
  }, 240_000);

  it('reach their cluster’s API server', async () => {
    await inPod('api', 'nc -w 5 10.100.0.1 443 < /dev/null');
  }, 120_000);

  const port = 9_100;
  const hostPort = 8_081;
  const labelled = (name: string) => ({ matchLabels: { app: name } });
  const eachNode = (name: string, spec: object) => ({
    ...{ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name } },
    spec: {
      selector: labelled(name),
      template: {
        metadata: { labels: { app: name } },
        spec: { terminationGracePeriodSeconds: 0, automountServiceAccountToken: false, ...spec },
      },
    },
  });
  /** Of a DaemonSet's pods: name, node, and what they say of their addresses. */
  const placesOf = async (name: string) => {
    const { items } = JSON.parse(await k('get', 'pods', '-l', `app=${name}`, '-o', 'json'));
    return items.map(({ metadata, spec, status }: Record<string, Record<string, string>>) => ({
      ...{ name: metadata?.name ?? '', node: spec?.nodeName ?? '' },
      ...{ podIp: status?.podIP ?? '', hostIp: status?.hostIP ?? '' },
    })) as readonly Record<'hostIp' | 'name' | 'node' | 'podIp', string>[];
  };
  const nodeAddresses = async () =>
    (await k('get', 'nodes', '-o', 'jsonpath={.items[*].status.addresses[0].address}')).split(' ').toSorted();

  it('are on each node in the network of the node itself', async () => {
    const serving = `mkdir /www && hostname > /www/index.html && echo up && exec httpd -f -p ${port} -h /www`;
    const agent = eachNode('agent', {
      ...{ hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' },
      containers: [
        {
          ...container(serving),
          ports: [{ containerPort: port }],
          readinessProbe: { httpGet: { path: '/', port }, periodSeconds: 1 },
        },
      ],
    });
    await apply(agent);
    await k('rollout', 'status', 'daemonset/agent', '--timeout=60s');
    const places = await placesOf('agent');
    expect(places.map(({ podIp }) => podIp).toSorted()).toEqual(await nodeAddresses());
    for (const { podIp, hostIp, name, node } of places) {
      expect(podIp).toBe(hostIp);
      expect((await k('exec', name, '--', 'hostname')).trim()).toBe(node);
      expect(await k('logs', name)).toBe('up\n');
      // What answers on the node answers those who are in its network: names, the API server, the agent of Pod Identity.
      await k('exec', name, '--', 'nslookup', '-type=a', 'web.default.svc.cluster.local');
      for (const place of ['10.100.0.1 443', '169.254.170.23 80'])
        await k('exec', name, '--', 'sh', '-c', `nc -w 5 ${place} < /dev/null`);
    }
    const listed = await cluster.installation.catamaran('instance', 'list', '--json');
    expect(JSON.parse(listed.stdout).nodes).toMatchObject(
      Array(2).fill({ cluster: 'harbor', nodegroup: 'blue', status: 'READY', memory: 2_048 }),
    );
    await inPod('by-host', places.map(({ hostIp }) => `wget -q -O - http://${hostIp}:${port}`).join(' && '));
    // Each has its port of its node: a second one waits for another.
    await apply({
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'second' } },
      spec: { hostNetwork: true, containers: [{ ...container('true'), ports: [{ containerPort: port }] }] },
    });
    await waitFor('a word of the scheduler', async () => {
      const said = await k('get', 'pod', 'second', '-o', 'jsonpath={.status.conditions[0].message}');
      return said.includes("2 node(s) didn't have free ports for the requested pod ports") ? true : undefined;
    });
    await k('delete', 'pod', 'second', '--wait=false');
  }, 240_000);

  /** Whether a task of ECS with this security group can connect to a port there. */
  async function connectsAsTask(group: string, address: string): Promise<boolean> {
    const ecs = cluster.installation.ecs();
    const command = ['sh', '-c', `nc -w 5 ${address} ${hostPort} < /dev/null; exit $?`];
    await ecs.registerTaskDefinition({
      ...{ family: 'asks', networkMode: 'awsvpc', requiresCompatibilities: ['FARGATE'] },
      ...{
        cpu: '256',
        memory: '512',
        containerDefinitions: [{ name: 'asks', image: cluster.image, command }],
      },
    });
    const { tasks: [task] = [] } = await ecs.runTask({
      ...{ taskDefinition: 'asks', launchType: 'FARGATE' },
      networkConfiguration: {
        awsvpcConfiguration: { subnets: [await cluster.installation.subnetId('a')], securityGroups: [group] },
      },
    });
    const exitCode = await waitFor('the task to stop', async () => {
      const { tasks: [found] = [] } = await ecs.describeTasks({ tasks: [task?.taskArn ?? ''] });
      return found?.lastStatus === 'STOPPED' ? found.containers?.[0]?.exitCode : undefined;
    });
    expect([0, 1]).toContain(exitCode);
    return exitCode === 0;
  }

  it('are reached by ports of their nodes, by whoever the nodes’ security groups let in', async () => {
    const ports = [{ containerPort: 8_080, hostPort }];
    await apply(eachNode('published', { containers: [{ ...container(serve), ports }] }));
    await k('rollout', 'status', 'daemonset/published', '--timeout=60s');
    const places = await placesOf('published');
    const urls = places.map(({ hostIp }) => `http://${hostIp}:${hostPort}`);
    for (const { podIp, hostIp } of places) expect(podIp).not.toBe(hostIp);
    await inPod('by-host-port', urls.map((url) => `wget -q -O - ${url}`).join(' && '));
    // Of its own node the one that is there answers, at the loopback too.
    for (const { name, node } of await placesOf('agent')) {
      const own = places.find((place) => place.node === node);
      for (const address of [own?.hostIp, '127.0.0.1']) {
        const asked = await k('exec', name, '--', 'wget', '-q', '-O', '-', `http://${address}:${hostPort}`);
        expect(asked.trim()).toBe(own?.name);
      }
    }
    const groupOf = async (filter: string) => {
      const { SecurityGroups: [found] = [] } = await cluster.installation.ec2().describeSecurityGroups({
        Filters: [{ Name: 'group-name', Values: [filter] }],
      });
      return found?.GroupId ?? '';
    };
    const [{ hostIp = '' } = {}] = places;
    expect(await connectsAsTask(await groupOf('eks-cluster-sg-harbor-*'), hostIp)).toBe(true);
    expect(await connectsAsTask(await groupOf('default'), hostIp)).toBe(false);
  }, 240_000);

  it.each([
    ['names', 'coredns', 'nslookup -type=a kubernetes.default.svc.cluster.local 10.100.0.10'],
    ['an agent of Pod Identity', 'eks-pod-identity-agent', 'nc -w 5 169.254.170.23 80 < /dev/null'],
  ])(
    'have %s but while their cluster is without %s',
    async (_what, addonName, asks) => {
      const addon = ['--cluster-name', 'harbor', '--addon-name', addonName];
      const make = async (): Promise<void> => {
        await aws('eks', 'create-addon', ...addon);
        await aws('eks', 'wait', 'addon-active', ...addon);
      };
      await make();
      await inPod(`with-${addonName}`, asks);
      await aws('eks', 'delete-addon', ...addon);
      await aws('eks', 'wait', 'addon-deleted', ...addon);
      await inPod(`without-${addonName}`, `! ${asks}`);
      await make();
      await inPod(`again-${addonName}`, asks);
    },
    240_000,
  );

  /** One on each node, who asks. */
  async function clients() {
    await apply(eachNode('client', { containers: [container('sleep 3600')] }));
    await k('rollout', 'status', 'daemonset/client', '--timeout=60s');
    return placesOf('client');
  }
  const hosts = async (client: string, address: string, times: number) => {
    const command = `for i in $(seq ${times}); do wget -q -O - http://${address} || exit 1; done`;
    return (await k('exec', client, '--', 'sh', '-c', command)).trim().split('\n');
  };
  const clusterIp = (name: string) => k('get', 'service', name, '-o', 'jsonpath={.spec.clusterIP}');

  it('are chosen by the affinity, the policy and the distribution of a service, and by ports that they name', async () => {
    const serviceOf = (name: string, spec: object) => ({
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name } },
      spec: { selector: app, ports: [{ port: 80, targetPort: 8_080 }], ...spec },
    });
    const named = (name: string, port: number) => ({
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app: 'named' } } },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [
          {
            ...container(`mkdir /www && hostname > /www/index.html && exec httpd -f -p ${port} -h /www`),
            ports: [{ name: 'http', containerPort: port }],
          },
        ],
      },
    });
    web.spec.template.spec.containers = [container(serve)];
    await apply(
      ...[web, service, named('named-a', 8_080), named('named-b', 8_082)],
      serviceOf('sticky', { sessionAffinity: 'ClientIP' }),
      serviceOf('own', { internalTrafficPolicy: 'Local' }),
      serviceOf('same-node', { trafficDistribution: 'PreferSameNode' }),
      serviceOf('same-zone', { trafficDistribution: 'PreferSameZone' }),
      serviceOf('named', { selector: { app: 'named' }, ports: [{ port: 80, targetPort: 'http' }] }),
    );
    await ready();
    await k('wait', 'pod', '-l', 'app=named', '--for=condition=Ready', '--timeout=50s');
    const nodeOf = new Map((await placesOf('web')).map(({ name, node }) => [name, node]));
    const zones = await k(
      ...['get', 'nodes', '-o', 'jsonpath={.items[*].metadata.labels.topology\\.kubernetes\\.io/zone}'],
    );
    expect(new Set(zones.split(' ')).size).toBe(2);
    for (const { name, node } of await clients()) {
      const nodesBehind = async (service: string) =>
        new Set((await hosts(name, await clusterIp(service), 8)).map((host) => nodeOf.get(host)));
      for (const near of ['own', 'same-node', 'same-zone'])
        await waitFor(`${near} to be answered on its node`, async () => {
          const behind = await nodesBehind(near);
          return behind.size === 1 && behind.has(node) ? true : undefined;
        });
      expect(new Set(await hosts(name, await clusterIp('sticky'), 12)).size).toBe(1);
      expect(new Set(await hosts(name, await clusterIp('web'), 12)).size).toBeGreaterThan(1);
      expect(new Set(await hosts(name, await clusterIp('named'), 24))).toEqual(
        new Set(['named-a', 'named-b']),
      );
    }
    await k('delete', 'pod', 'named-a', 'named-b', '--wait=false');
  }, 240_000);

  it('keep their addresses over a death of Catamaran, and give them back', async () => {
    const places = () => k('get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[*].status.podIP}');
    const before = await places();
    await cluster.installation.catamaran('down');
    await cluster.installation.up();
    await ready();
    expect(await places()).toBe(before);
    await inPod('again', `nslookup -type=a web.default.svc.cluster.local 10.100.0.10`);
    const byHost = (await nodeAddresses()).flatMap((address) => [
      ...[`wget -q -O - http://${address}:${port}`, `wget -q -O - http://${address}:${hostPort}`],
    ]);
    await inPod('by-host-again', byHost.join(' && '));
    await k('delete', 'daemonset', 'published', '--cascade=foreground', '--timeout=60s');
    const refused = (await nodeAddresses()).map((address) => `! nc -w 2 ${address} ${hostPort} < /dev/null`);
    await inPod('by-host-port-no-more', refused.join(' && '));
    await k('scale', 'deployment/web', '--replicas=0');
    await waitFor('no pods', async () => ((await places()) === '' ? true : undefined));
  }, 240_000);
});
