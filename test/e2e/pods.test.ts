import { waitUntilAddonActive, waitUntilAddonDeleted } from '@aws-sdk/client-eks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DatagramPlace, datagramAnswered, echoDatagrams } from './datagrams.ts';
import { waitFor } from './installation.ts';
import { PodCluster } from './pod-cluster.ts';

/** Pods of real containers on a node group's nodes, with addresses of the VPC. */
describe('pods', () => {
  let cluster: PodCluster;
  const k = (...args: string[]) => cluster.k(...args);
  const apply = (...objects: readonly object[]) => cluster.apply(...objects);
  const container = (command: string) => cluster.container(command);

  /**
   * Tries a shell command in a pod of its own until it succeeds: rules and names are a moment later than what they are of.
   * @throws it does not; with what became of the pod.
   */
  async function inPod(name: string, command: string): Promise<void> {
    await apply({
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name } },
      spec: {
        ...{ restartPolicy: 'Never', activeDeadlineSeconds: 90, automountServiceAccountToken: false },
        containers: [container(`until ${command}; do sleep 0.2; done`)],
      },
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
  });

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
  const ready = () => k('rollout', 'status', 'deployment/web', '--timeout=100s');
  /** Gives up where nothing answers. */
  const wget = (url: string) => `timeout 10 wget -q -O - ${url}`;

  it('have addresses of the VPC, and are reached by their service’s name from each other', async () => {
    web.spec.template.spec.containers = [container(serve)];
    const range = {
      ...{ apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata: { name: 'second' } },
      spec: { cidrs: ['10.201.0.0/24'] },
    };
    const ofRange = { clusterIP: '10.201.0.20', selector: app, ports: [{ port: 80, targetPort: 8_080 }] };
    await apply(web, service, range, { ...service, metadata: { name: 'far' }, spec: ofRange });
    await ready();
    const addresses = await k('get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[*].status.podIP}');
    // More than an interface of a t3.small has: some are of a second one.
    expect(new Set(addresses.split(' ')).size).toBe(8);
    const { NetworkInterfaces = [] } = await cluster.installation.ec2().describeNetworkInterfaces({});
    const shown = NetworkInterfaces.flatMap(({ PrivateIpAddresses = [] }) =>
      PrivateIpAddresses.map(({ PrivateIpAddress }) => PrivateIpAddress),
    );
    expect(shown).toEqual(expect.arrayContaining(addresses.split(' ')));
    const clusterIp = await k('get', 'service', 'web', '-o', 'jsonpath={.spec.clusterIP}');
    await inPod(
      'by-service',
      Array(8)
        .fill(wget(`http://${clusterIp}`))
        .join(' && '),
    );
    await inPod('by-second-range', wget('http://10.201.0.20'));
    const name = 'web.default.svc.cluster.local';
    await inPod('by-name', `nslookup -type=a ${name} 10.100.0.10 | grep -q ${clusterIp}`);
    const nodes = await k('get', 'nodes', '-o', 'jsonpath={.items[*].status.addresses[0].address}');
    const each = nodes.split(' ').map((address) => wget(`http://${address}:30080`));
    await inPod('by-node-port', each.join(' && '));
    await inPod(
      'by-address',
      addresses
        .split(' ')
        .map((each) => wget(`http://${each}:8080`))
        .join(' && '),
    );
  }, 300_000);

  it('reach their cluster’s API server', async () => {
    await inPod('api', 'nc -w 5 10.100.0.1 443 < /dev/null');
  });

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
    await k('rollout', 'status', 'daemonset/agent', '--timeout=100s');
    const places = await placesOf('agent');
    expect(places.map(({ podIp }) => podIp).toSorted()).toEqual(await nodeAddresses());
    for (const { podIp, hostIp, name, node } of places) {
      expect(podIp).toBe(hostIp);
      expect((await k('exec', name, '--', 'hostname')).trim()).toBe(node);
      await expect.poll(() => k('logs', name)).toBe('up\n');
      // What answers on the node answers those who are in its network: names, the API server, the agent of Pod Identity.
      for (const command of [
        'nslookup -type=a web.default.svc.cluster.local',
        ...['10.100.0.1 443', '169.254.170.23 80'].map((place) => `nc -w 5 ${place} < /dev/null`),
      ])
        await waitFor(command, async () =>
          (await cluster.say('exec', name, '--', 'sh', '-c', command)).code === 0 ? true : undefined,
        );
    }
    const listed = await cluster.installation.catamaran('instance', 'list', '--json');
    expect(JSON.parse(listed.stdout).nodes).toMatchObject(
      Array(2).fill({ cluster: 'harbor', nodegroup: 'blue', status: 'READY', memory: 2_048 }),
    );
    await inPod('by-host', places.map(({ hostIp }) => wget(`http://${hostIp}:${port}`)).join(' && '));
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
  }, 300_000);

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
    await k('rollout', 'status', 'daemonset/published', '--timeout=100s');
    const places = await placesOf('published');
    const urls = places.map(({ hostIp }) => `http://${hostIp}:${hostPort}`);
    for (const { podIp, hostIp } of places) expect(podIp).not.toBe(hostIp);
    await inPod('by-host-port', urls.map(wget).join(' && '));
    // Of its own node the one that is there answers, at the loopback too.
    for (const { name, node } of await placesOf('agent')) {
      const own = places.find((place) => place.node === node);
      for (const address of [own?.hostIp, '127.0.0.1'])
        await expect
          .poll(async () => (await asks(name, `http://${address}:${hostPort}`)).stdout.trim())
          .toBe(own?.name);
    }
    const groupOf = async (filter: string) => {
      const { SecurityGroups: [found] = [] } = await cluster.installation.ec2().describeSecurityGroups({
        Filters: [{ Name: 'group-name', Values: [filter] }],
      });
      return found?.GroupId ?? '';
    };
    const [{ hostIp = '' } = {}] = places;
    const letIn = await groupOf('eks-cluster-sg-harbor-*');
    await waitFor('a task to be let in', async () =>
      (await connectsAsTask(letIn, hostIp)) ? true : undefined,
    );
    expect(await connectsAsTask(await groupOf('default'), hostIp)).toBe(false);
  }, 300_000);

  it.each([
    ['names', 'coredns', 'nslookup -type=a kubernetes.default.svc.cluster.local 10.100.0.10'],
    ['an agent of Pod Identity', 'eks-pod-identity-agent', 'nc -w 5 169.254.170.23 80 < /dev/null'],
  ])(
    'have %s but while their cluster is without %s',
    async (_what, addonName, asks) => {
      const addon = { clusterName: 'harbor', addonName };
      const make = async (): Promise<void> => {
        await cluster.eks.createAddon(addon);
        await waitUntilAddonActive({ client: cluster.eks, maxWaitTime: 100, minDelay: 1 }, addon);
      };
      await make();
      await inPod(`with-${addonName}`, asks);
      await cluster.eks.deleteAddon(addon);
      await waitUntilAddonDeleted({ client: cluster.eks, maxWaitTime: 100, minDelay: 1 }, addon);
      await inPod(`without-${addonName}`, `! ${asks}`);
      await make();
      await inPod(`again-${addonName}`, asks);
    },
    300_000,
  );

  /** One on each node, who asks. */
  async function clients() {
    await apply(eachNode('client', { containers: [container('sleep 3600')] }));
    await k('rollout', 'status', 'daemonset/client', '--timeout=100s');
    return placesOf('client');
  }
  const asks = (client: string, url: string) =>
    cluster.say('exec', client, '--', 'timeout', '10', 'wget', '-q', '-O', '-', url);
  const hosts = async (client: string, address: string, times: number) => {
    const command = `for i in $(seq ${times}); do ${wget(`http://${address}`)} || exit 1; done`;
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
    await k('wait', 'pod', '-l', 'app=named', '--for=condition=Ready', '--timeout=100s');
    const nodeOf = new Map((await placesOf('web')).map(({ name, node }) => [name, node]));
    const zones = await k(
      ...['get', 'nodes', '-o', 'jsonpath={.items[*].metadata.labels.topology\\.kubernetes\\.io/zone}'],
    );
    expect(new Set(zones.split(' ')).size).toBe(2);
    for (const { name, node } of await clients()) {
      const nodesBehind = async (service: string) =>
        new Set((await hosts(name, await clusterIp(service), 8)).map((host) => nodeOf.get(host)));
      for (const near of ['own', 'same-node', 'same-zone'])
        await expect.poll(() => nodesBehind(near), { message: near }).toEqual(new Set([node]));
      const answering = async (service: string, times: number) =>
        new Set(await hosts(name, await clusterIp(service), times));
      await expect.poll(async () => (await answering('sticky', 12)).size).toBe(1);
      await expect.poll(async () => (await answering('web', 12)).size).toBeGreaterThan(1);
      await expect.poll(() => answering('named', 24)).toEqual(new Set(['named-a', 'named-b']));
    }
    await k('delete', 'pod', 'named-a', 'named-b', '--wait=false');
  }, 300_000);

  it('are asked through a service whatever its type, its affinity and its ports become', async () => {
    web.spec.template.spec.containers = [container(serve)];
    const named = { type: 'ExternalName', externalName: 'web.default.svc.cluster.local' };
    await apply(web, service, {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'changing' } },
      spec: named,
    });
    await ready();
    const [{ name: client = '' } = {}] = await clients();
    const change = async (spec: object) => {
      await k('patch', 'service', 'changing', '-p', JSON.stringify({ spec }));
      return JSON.parse(await k('get', 'service', 'changing', '-o', 'json')).spec;
    };
    const answered = (address: string, holds: (pods: number) => boolean) =>
      waitFor(`${address} to be answered`, async () =>
        holds(new Set(await hosts(client, address, 12).catch(() => [])).size) ? true : undefined,
      );
    const byOne = (pods: number) => pods === 1;
    const byMany = (pods: number) => pods > 1;
    await answered('changing', byMany);
    expect(await clusterIp('changing')).toBe('');
    const { clusterIP, ports } = await change({
      ...{ type: 'NodePort', externalName: null, selector: app, sessionAffinity: 'ClientIP' },
      ports: [{ port: 80, targetPort: 8_080 }],
    });
    const nodePorts = (await nodeAddresses()).map((address) => `${address}:${ports[0].nodePort}`);
    for (const address of [clusterIP, 'changing', ...nodePorts]) await answered(address, byOne);
    await change({
      sessionAffinity: 'None',
      ports: [{ $patch: 'replace' }, { port: 81, targetPort: 8_080 }],
    });
    await answered(`${clusterIP}:81`, byMany);
    await answered(clusterIP, (pods) => pods === 0);
    await change({ sessionAffinity: 'ClientIP' });
    await answered(`${clusterIP}:81`, byOne);
    expect((await change(named)).ports).toEqual([{ port: 81, protocol: 'TCP', targetPort: 8_080 }]);
    expect(await clusterIp('changing')).toBe('');
    await answered('changing', byMany);
  }, 300_000);

  it('are reached through the nodes that have them where a service says Local, whatever its type becomes', async () => {
    await cluster.iam.attachRolePolicy({
      RoleName: 'harbor',
      PolicyArn: 'arn:aws:iam::aws:policy/AmazonEKSClusterPolicy',
    });
    const [here, there] = await clients();
    if (here === undefined || there === undefined) throw new Error('There are two nodes');
    const cgi = '#!/bin/sh\necho\necho $REMOTE_ADDR\n';
    const script = [
      ...['mkdir -p /www/cgi-bin', `printf '${cgi}' > /www/cgi-bin/who`, 'chmod +x /www/cgi-bin/who'],
      'exec httpd -f -p 8080 -h /www',
    ].join(' && ');
    const deploymentOn = (nodeName: string) => ({
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'local' } },
      spec: {
        ...{ selector: labelled('local'), strategy: { type: 'Recreate' } },
        template: {
          metadata: { labels: { app: 'local' } },
          spec: {
            ...{ nodeName, terminationGracePeriodSeconds: 0, automountServiceAccountToken: false },
            containers: [container(script)],
          },
        },
      },
    });
    const prefix = 'service.beta.kubernetes.io/aws-load-balancer-';
    const annotations = {
      ...{ [`${prefix}scheme`]: 'internal', [`${prefix}nlb-target-type`]: 'instance' },
      ...{ [`${prefix}healthcheck-interval`]: '5', [`${prefix}healthcheck-timeout`]: '2' },
    };
    await apply(deploymentOn(here.node), {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'local', annotations } },
      spec: {
        ...{ type: 'LoadBalancer', externalTrafficPolicy: 'Local', selector: { app: 'local' } },
        ports: [
          { name: 'http', port: 80, targetPort: 8_080 },
          { name: 'echo', port: 5_353, protocol: 'UDP' },
        ],
      },
    });
    const pods = async () => (await placesOf('local')).map(({ name }) => name);
    const moved = () => k('rollout', 'status', 'deployment/local', '--timeout=100s');
    await moved();
    const elb = cluster.installation.elb();
    const balancer = async () => {
      const path = 'jsonpath={.status.loadBalancer.ingress[0].hostname}';
      const hostname = await k('get', 'service', 'local', '-o', path);
      const { LoadBalancers = [] } = await elb.describeLoadBalancers({});
      return LoadBalancers.find(({ DNSName }) => DNSName === hostname);
    };
    const made = await waitFor('the load balancer', balancer);
    const instanceOf = async (node: string) =>
      (await k('get', 'node', node, '-o', 'jsonpath={.spec.providerID}')).split('/').at(-1) ?? '';
    const [hereId, thereId] = [await instanceOf(here.node), await instanceOf(there.node)];
    const { TargetGroups = [] } = await elb.describeTargetGroups({ LoadBalancerArn: made.LoadBalancerArn });
    expect(TargetGroups.map(({ Protocol }) => Protocol).toSorted()).toEqual(['TCP', 'UDP']);
    const healthyAt = async (healthy: string, other: string) => {
      const found = await Promise.all(
        TargetGroups.map(async ({ TargetGroupArn }) => {
          const { TargetHealthDescriptions = [] } = await elb.describeTargetHealth({ TargetGroupArn });
          const stateOf = (id: string) =>
            TargetHealthDescriptions.find(({ Target }) => Target?.Id === id)?.TargetHealth?.State;
          return `${stateOf(healthy)} ${stateOf(other)}`;
        }),
      );
      return found.every((each) => each === 'healthy unhealthy') ? true : undefined;
    };
    await waitFor('the node of the pod alone to be healthy', () => healthyAt(hereId, thereId));
    const { spec } = JSON.parse(await k('get', 'service', 'local', '-o', 'json'));
    const [http, echo]: readonly number[] = spec.ports.map(({ nodePort }: { nodePort: number }) => nodePort);
    const nodePort = ({ hostIp }: { readonly hostIp: string }) => `http://${hostIp}:${http}/cgi-bin/who`;
    // Its name leads to the zone with a healthy target a moment after the target is told of as healthy.
    await waitFor('an answer by the load balancer’s name', async () => {
      const { code } = await asks(there.name, `http://${made.DNSName}/cgi-bin/who`);
      return code === 0 ? true : undefined;
    });
    // By the node itself the client's own address is seen, and nobody leads it on to another node.
    const said = async (from: string, url: string) => (await asks(from, url)).stdout;
    await expect.poll(() => said(there.name, nodePort(here))).toContain(there.podIp);
    expect((await asks(here.name, nodePort(there))).code).toBe(1);
    const health = ({ hostIp }: { readonly hostIp: string }) =>
      asks(here.name, `http://${hostIp}:${spec.healthCheckNodePort}/healthz`);
    await expect.poll(async () => (await health(here)).stdout).toContain('"localEndpoints":1');
    await expect.poll(async () => (await health(there)).stderr).toContain('503');

    const placeOf = (pod: string): DatagramPlace => ({
      ...{ stateDirectory: cluster.installation.stateDirectory, address: '0.0.0.0', pod },
    });
    const { NetworkInterfaces = [] } = await cluster.installation.ec2().describeNetworkInterfaces({
      Filters: [{ Name: 'description', Values: [`ELB ${made.LoadBalancerArn?.split('loadbalancer/')[1]}`] }],
    });
    const client = placeOf(there.name);
    const answered = (address: string, port: number) => datagramAnswered(client, address, port);
    // Each of its nodes sends to targets of its own zone.
    const answeredByBalancer = async () => {
      const each = NetworkInterfaces.map(({ PrivateIpAddress = '' }) => answered(PrivateIpAddress, 5_353));
      return (await Promise.all(each)).includes(true) ? true : undefined;
    };
    const [pod = ''] = await pods();
    {
      await using _ = await echoDatagrams(placeOf(pod), 5_353);
      await waitFor('an answer through the load balancer', answeredByBalancer);
      await expect.poll(() => answered(here.hostIp, echo ?? 0)).toBe(true);
      expect(await datagramAnswered(placeOf(here.name), there.hostIp, echo ?? 0)).toBe(false);
    }

    await apply(deploymentOn(there.node));
    await moved();
    await waitFor('the other node alone to be healthy', () => healthyAt(thereId, hereId));
    const next = await waitFor('the next pod', async () => {
      const [name, ...others] = await pods();
      return name !== undefined && others.length === 0 ? name : undefined;
    });
    {
      await using _ = await echoDatagrams(placeOf(next), 5_353);
      await waitFor('an answer of the next pod', answeredByBalancer);
    }

    const become = (type: string) => k('patch', 'service', 'local', '-p', JSON.stringify({ spec: { type } }));
    await become('NodePort');
    await waitFor('the load balancer to go', async () => {
      const { LoadBalancers = [] } = await elb.describeLoadBalancers({});
      return LoadBalancers.length === 0 ? true : undefined;
    });
    await expect.poll(() => said(here.name, nodePort(there))).toContain(here.podIp);
    await become('ClusterIP');
    const bare = JSON.parse(await k('get', 'service', 'local', '-o', 'json'));
    expect(bare.spec).not.toHaveProperty('healthCheckNodePort');
    expect(bare.spec.ports.map((each: object) => 'nodePort' in each)).toEqual([false, false]);
    await waitFor('the node port to close', async () =>
      (await asks(here.name, nodePort(there))).stderr.includes('refused') ? true : undefined,
    );
    await expect.poll(() => said(here.name, `http://${spec.clusterIP}/cgi-bin/who`)).toContain(here.podIp);
    await become('LoadBalancer');
    const again = await waitFor('another load balancer', balancer);
    expect(again.LoadBalancerArn).not.toBe(made.LoadBalancerArn);
    await k('delete', 'service', 'local', '--timeout=100s');
    await k('delete', 'deployment', 'local', '--wait=false');
  }, 480_000);

  it('keep their addresses over a death of Catamaran, and give them back', async () => {
    const places = () => k('get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[*].status.podIP}');
    const before = await places();
    await cluster.installation.catamaran('down');
    await cluster.installation.up();
    await ready();
    expect(await places()).toBe(before);
    await inPod('again', `nslookup -type=a web.default.svc.cluster.local 10.100.0.10`);
    const byHost = (await nodeAddresses()).flatMap((address) => [
      ...[wget(`http://${address}:${port}`), wget(`http://${address}:${hostPort}`)],
    ]);
    await inPod('by-host-again', byHost.join(' && '));
    await k('delete', 'daemonset', 'published', '--cascade=foreground', '--timeout=100s');
    const refused = (await nodeAddresses()).map((address) => `! nc -w 2 ${address} ${hostPort} < /dev/null`);
    await inPod('by-host-port-no-more', refused.join(' && '));
    await k('scale', 'deployment/web', '--replicas=0');
    await waitFor('no pods', async () => ((await places()) === '' ? true : undefined));
  }, 300_000);
});
