import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { EKS, waitUntilFargateProfileActive } from '@aws-sdk/client-eks';
import { IAM } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ListInstancesResponse } from '../../src/cli/index.ts';
import { testImage } from './image.ts';
import { Installation, waitFor } from './installation.ts';
import { JoinedMachine, openUnderlay, underlay } from './joined-machine.ts';
import { PodCluster } from './pod-cluster.ts';

const machineLabel = 'topology.local.csi.catamaran/machine';

interface Listed {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly podIP?: string;
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

const isReady = ({ status }: Listed): boolean =>
  status.conditions?.some(({ type, status: said }) => type === 'Ready' && said === 'True') === true;

/** A node group over the machine of the control plane and one that has joined. */
describe('nodes on two machines', () => {
  let resources: AsyncDisposableStack;
  let joined: JoinedMachine;
  let cluster: PodCluster;
  /** Names of nodes: on the control plane's machine, and on the other. */
  let near: string;
  let far: string;

  const list = async (...args: readonly string[]): Promise<readonly Listed[]> =>
    (JSON.parse(await cluster.k('get', ...args, '-o', 'json')) as { readonly items: readonly Listed[] })
      .items;
  const within = (pod: string, command: string): Promise<string> =>
    cluster.k('exec', pod, '--', 'sh', '-c', command);
  const hears = (pod: string, host: string, port: number): Promise<boolean> =>
    within(pod, `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 2 ${host} ${port} || true`).then((said) =>
      said.includes('200 OK'),
    );
  const until = (what: string, look: () => Promise<boolean>) =>
    waitFor(
      what,
      async () => ((await look()) ? true : undefined),
      () => joined.output,
    );
  /** Of the pods of an application that run, by their nodes. */
  const podsOn = async (app: string): Promise<ReadonlyMap<string, Listed>> =>
    new Map(
      (await list('pods', '-l', `app=${app}`))
        .filter(isReady)
        .map((pod) => [pod.spec.nodeName ?? '', pod] as const),
    );
  const onBoth = (app: string): Promise<ReadonlyMap<string, Listed>> =>
    waitFor(
      `a pod of ${app} on each node`,
      async () => {
        const pods = await podsOn(app);
        return pods.size === 2 ? pods : undefined;
      },
      () => joined.output,
    );
  const machinesOf = async (): Promise<readonly (string | undefined)[]> =>
    (await list('nodes')).filter(isReady).map(({ metadata }) => metadata.labels[machineLabel]);

  beforeAll(async () => {
    const image = await testImage();
    await using opening = new AsyncDisposableStack();
    const { link } = opening.use(await openUnderlay());
    const port = String(await freePort());
    const upOptions = ['--host', underlay.home, '--port', port, '--fargate-isolation', 'runc'];
    const home = await Installation.start({ upOptions });
    joined = opening.use(await JoinedMachine.begin(link, image));
    await joined.up(home);
    cluster = opening.use(await PodCluster.on(home, 2));
    const nodes = await list('nodes');
    const machines = [...new Set(nodes.map(({ metadata }) => metadata.labels[machineLabel] ?? ''))];
    expect(machines).toHaveLength(2);
    const others = await home.catamaran('machine', 'list', '--json');
    const { machines: known } = JSON.parse(others.stdout) as {
      readonly machines: readonly { readonly id: string; readonly isHome: boolean }[];
    };
    const homeId = known.find(({ isHome }) => isHome)?.id;
    const nameOf = (wanted: boolean) =>
      nodes.find(({ metadata }) => (metadata.labels[machineLabel] === homeId) === wanted)?.metadata.name ??
      '';
    [near, far] = [nameOf(true), nameOf(false)];
    resources = opening.move();
  }, 480_000);
  afterAll(async () => {
    await resources?.[Symbol.asyncDispose]();
  });

  it('carry pods that reach each other, services, names and the API server, and that kubectl reaches', async () => {
    const labels = { app: 'each' };
    const serve = 'mkdir /www; hostname > /www/index.html; echo ahoy; exec httpd -f -p 8080 -h /www';
    await cluster.apply(
      {
        ...{ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'each', labels } },
        spec: {
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: {
              terminationGracePeriodSeconds: 0,
              containers: [
                {
                  ...cluster.container(serve),
                  readinessProbe: { tcpSocket: { port: 8_080 }, periodSeconds: 1, timeoutSeconds: 10 },
                },
              ],
            },
          },
        },
      },
      {
        ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'each' } },
        spec: { selector: labels, ports: [{ port: 80, targetPort: 8_080 }] },
      },
    );
    const pods = await onBoth('each');
    const [here, there] = [pods.get(near), pods.get(far)];
    const [one, other] = [here?.metadata.name ?? '', there?.metadata.name ?? ''];
    await until('its log', async () => (await cluster.k('logs', other)) === 'ahoy\n');
    expect((await within(other, 'hostname')).trim()).toBe(other);
    await until('near to hear far', () => hears(one, there?.status.podIP ?? '', 8_080));
    await until('far to hear near', () => hears(other, here?.status.podIP ?? '', 8_080));
    // The service leads to either, by its name, from both.
    for (const pod of [one, other]) {
      const said = new Set<string>();
      await until(`${pod} to hear both by the service`, async () => {
        const text = await within(pod, `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 2 each 80 || true`);
        const last = text.trim().split('\n').at(-1) ?? '';
        if (text.includes('200 OK')) said.add(last);
        return said.size === 2;
      });
      expect([...said].toSorted()).toEqual([one, other].toSorted());
      await until(`${pod} to reach the API server`, () =>
        within(pod, 'nc -w 2 kubernetes 443 </dev/null && echo reached || true').then((it) =>
          it.includes('reached'),
        ),
      );
    }
  }, 240_000);

  it('are targets of load balancers by their node ports, as their pods are by their addresses, and go without a failed request', async () => {
    const { installation } = cluster;
    await cluster.mayBalance();
    const elb = installation.elb();
    const { Vpcs: [vpc] = [] } = await installation.ec2().describeVpcs({});
    const { TargetGroups: [own] = [] } = await elb.createTargetGroup({
      ...{ Name: 'own', TargetType: 'ip', Protocol: 'HTTP', Port: 8_080, VpcId: vpc?.VpcId },
      ...{ HealthCheckIntervalSeconds: 5, HealthCheckTimeoutSeconds: 2, HealthyThresholdCount: 2 },
    });
    const of = 'alb.ingress.kubernetes.io/';
    const to = (host: string, name: string, port: object) => {
      const backend = { service: { name, port } };
      return { host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } };
    };
    await cluster.apply(
      {
        ...{ apiVersion: 'v1', kind: 'Service' },
        metadata: { name: 'door', annotations: { [`${of}target-type`]: 'instance' } },
        spec: {
          ...{ type: 'NodePort', externalTrafficPolicy: 'Local', selector: { app: 'each' } },
          ports: [{ port: 80, targetPort: 8_080 }],
        },
      },
      {
        ...{ apiVersion: 'elbv2.k8s.aws/v1beta1', kind: 'TargetGroupBinding', metadata: { name: 'own' } },
        spec: {
          ...{ targetGroupName: 'own', serviceRef: { name: 'each', port: 80 } },
          networking: {
            ingress: [{ from: [{ ipBlock: { cidr: vpc?.CidrBlock } }], ports: [{ port: 8_080 }] }],
          },
        },
      },
      {
        ...{ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' },
        metadata: {
          name: 'site',
          annotations: {
            [`${of}scheme`]: 'internet-facing',
            [`${of}target-type`]: 'ip',
            [`${of}healthcheck-interval-seconds`]: '5',
            [`${of}healthcheck-timeout-seconds`]: '2',
            [`${of}target-group-attributes`]: 'deregistration_delay.timeout_seconds=5',
            [`${of}actions.own`]: '{"type":"forward","targetGroupName":"own"}',
          },
        },
        spec: {
          ingressClassName: 'alb',
          rules: [
            to('nodes.example', 'door', { number: 80 }),
            to('pods.example', 'each', { number: 80 }),
            to('own.example', 'own', { name: 'use-annotation' }),
          ],
        },
      },
    );
    let events = '';
    const name = await waitFor(
      'the load balancer',
      async () => {
        events = await cluster.k('get', 'events', '--field-selector', 'involvedObject.kind=Ingress');
        const hostname = await cluster.k(
          ...['get', 'ingress', 'site', '-o', 'jsonpath={.status.loadBalancer.ingress[0].hostname}'],
        );
        return hostname === '' ? undefined : hostname;
      },
      () => events,
    );
    const address = await waitFor('its name to lead somewhere', async () => {
      const { code, stdout } = await installation.catamaran('net', 'resolve', name);
      return code === 0 ? /\b\d+\.\d+\.\d+\.\d+\b/.exec(stdout)?.[0] : undefined;
    });
    const pods = await onBoth('each');
    const both = [near, far].map((node) => pods.get(node)?.metadata.name ?? '');
    for (const host of ['nodes.example', 'pods.example', 'own.example']) {
      const said = new Set<string>();
      await waitFor(
        `${host} to be answered on both machines`,
        async () => {
          said.add(await answerOf(address, host));
          return both.every((pod) => said.has(`200 ${pod}`)) ? true : undefined;
        },
        () => [...said],
      );
    }

    const { TargetGroups = [] } = await elb.describeTargetGroups({});
    const { TargetGroupArn } = TargetGroups.find(({ TargetType }) => TargetType === 'instance') ?? {};
    const instanceOf = async (node: string): Promise<string> =>
      (await cluster.k('get', 'node', node, '-o', 'jsonpath={.spec.providerID}')).split('/').at(-1) ?? '';
    const [here, there] = [await instanceOf(near), await instanceOf(far)];
    const targets = async (): Promise<string> => {
      const { TargetHealthDescriptions = [] } = await elb.describeTargetHealth({ TargetGroupArn });
      return TargetHealthDescriptions.map(
        ({ Target, TargetHealth }) => `${Target?.Id} ${TargetHealth?.State}`,
      )
        .sort()
        .join();
    };
    const healthy = (...ids: readonly string[]) =>
      ids
        .map((id) => `${id} healthy`)
        .toSorted()
        .join();
    await until('both nodes to be healthy', async () => (await targets()) === healthy(here, there));
    // As EKS has it on a node that it drains.
    const label = 'node.kubernetes.io/exclude-from-external-load-balancers';
    const asking = new AbortController();
    const failures: string[] = [];
    const client = (async () => {
      while (!asking.signal.aborted) {
        const said = await answerOf(address, 'nodes.example');
        if (!both.some((pod) => said === `200 ${pod}`)) failures.push(said);
      }
    })();
    try {
      await cluster.k('label', 'node', far, `${label}=true`);
      await until('the far node to be no target', async () => (await targets()) === healthy(here));
      expect(await answerOf(address, 'nodes.example')).toBe(`200 ${both[0]}`);
      await cluster.k('label', 'node', far, `${label}-`);
      await until('the far node to be healthy again', async () => (await targets()) === healthy(here, there));
      await until(
        'it to answer',
        async () => (await answerOf(address, 'nodes.example')) === `200 ${both[1]}`,
      );
    } finally {
      asking.abort();
      await client;
    }
    expect(failures).toEqual([]);
    await cluster.k('delete', 'ingress', 'site');
    await cluster.k('delete', 'targetgroupbinding', 'own');
    await elb.deleteTargetGroup({ TargetGroupArn: own?.TargetGroupArn });
    await until(
      'no target groups',
      async () => (await elb.describeTargetGroups({})).TargetGroups?.length === 0,
    );
  }, 480_000);

  it('keep volumes where their pods are, and policies hold on both', async () => {
    const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'hold' } };
    await cluster.apply(
      {
        ...claim,
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '32Mi' } } },
      },
      {
        ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'keeper', labels: { app: 'keeper' } } },
        spec: {
          nodeSelector: { 'kubernetes.io/hostname': far },
          terminationGracePeriodSeconds: 0,
          containers: [
            {
              ...cluster.container('echo kept > /hold/log; exec sleep 3600'),
              volumeMounts: [{ name: 'hold', mountPath: '/hold' }],
            },
          ],
          volumes: [{ name: 'hold', persistentVolumeClaim: { claimName: 'hold' } }],
        },
      },
      {
        ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'closed' } },
        spec: { podSelector: { matchLabels: { app: 'each' } }, policyTypes: ['Ingress'], ingress: [] },
      },
    );
    await until('the pod with a volume', async () => (await podsOn('keeper')).size === 1);
    // It runs before it has written.
    await until('what it keeps', async () =>
      /^kept\n\S*\/dev\/loop/.test(await within('keeper', 'cat /hold/log; df -k /hold | tail -1')),
    );
    const pods = await onBoth('each');
    const address = pods.get(far)?.status.podIP ?? '';
    await until(
      'the policy to hold',
      async () => !(await hears(pods.get(near)?.metadata.name ?? '', address, 8_080)),
    );
    await cluster.k('delete', 'networkpolicy', 'closed');
    await until('the policy to be gone', () => hears(pods.get(near)?.metadata.name ?? '', address, 8_080));
    await cluster.k('delete', 'pod', 'keeper', '--now');
    await cluster.k('delete', 'pvc', 'hold');
    await until('the volume to be gone', async () => (await list('pv')).length === 0);
  }, 300_000);

  it('give pods their roles, and Fargate has nodes on both', async () => {
    const { installation } = cluster;
    const options = installation.clientOptions();
    const [iam, eks, ec2] = [new IAM(options), new EKS(options), installation.ec2()];
    const makeRole = async (RoleName: string, Service: string) => {
      const Action = ['sts:AssumeRole', 'sts:TagSession'];
      const Statement = [{ Effect: 'Allow', Principal: { Service }, Action }];
      const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
      return (await iam.createRole({ RoleName, AssumeRolePolicyDocument })).Role?.Arn;
    };
    await eks.createPodIdentityAssociation({
      ...{ clusterName: 'harbor', namespace: 'default', serviceAccount: 'default' },
      roleArn: await makeRole('pods', 'pods.eks.amazonaws.com'),
    });
    await cluster.apply({
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'purser', labels: { app: 'purser' } } },
      spec: {
        ...{ nodeSelector: { 'kubernetes.io/hostname': far }, terminationGracePeriodSeconds: 0 },
        containers: [cluster.container('exec sleep 3600')],
      },
    });
    await until('the pod with a role', async () => (await podsOn('purser')).size === 1);
    const asked =
      'wget -qO- --header "Authorization: $(cat $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE)" $AWS_CONTAINER_CREDENTIALS_FULL_URI || true';
    await until('its credentials', async () => (await within('purser', asked)).includes('AccessKeyId'));

    const { Vpcs: [vpc] = [] } = await ec2.describeVpcs({});
    const { Subnet } = await ec2.createSubnet({ VpcId: vpc?.VpcId, CidrBlock: '172.31.128.0/24' });
    const { RouteTable } = await ec2.createRouteTable({ VpcId: vpc?.VpcId });
    const { SubnetId = '' } = Subnet ?? {};
    await ec2.associateRouteTable({ RouteTableId: RouteTable?.RouteTableId, SubnetId });
    const profile = { clusterName: 'harbor', fargateProfileName: 'cold' };
    await eks.createFargateProfile({
      ...{ ...profile, subnets: [SubnetId], selectors: [{ namespace: 'cold' }] },
      podExecutionRoleArn: await makeRole('cold', 'eks-fargate-pods.amazonaws.com'),
    });
    await waitUntilFargateProfileActive({ client: eks, maxWaitTime: 100, minDelay: 1 }, profile);
    const labels = { app: 'cold' };
    await cluster.apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'cold' } },
      {
        ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'cold', namespace: 'cold' } },
        spec: {
          ...{ replicas: 2, selector: { matchLabels: labels } },
          template: {
            metadata: { labels },
            spec: {
              ...{ terminationGracePeriodSeconds: 0, automountServiceAccountToken: false },
              containers: [cluster.container('echo cold; exec sleep 3600')],
            },
          },
        },
      },
    );
    const cold = async () => (await list('pods', '-n', 'cold', '-l', 'app=cold')).filter(isReady);
    await until('two pods on Fargate', async () => (await cold()).length === 2);
    const { stdout } = await installation.catamaran('instance', 'list', '--json');
    const { nodes } = JSON.parse(stdout) as ListInstancesResponse;
    const fargate = nodes.filter(({ nodegroup }) => nodegroup === undefined);
    expect(fargate.map(({ machine }) => machine !== undefined).toSorted()).toEqual([false, true]);
    for (const { metadata } of await cold())
      await until(
        `the log of ${metadata.name}`,
        async () => (await cluster.k('logs', '-n', 'cold', metadata.name)) === 'cold\n',
      );
    await cluster.k('delete', 'deployment', '-n', 'cold', 'cold');
    await cluster.k('delete', 'pod', 'purser', '--now');
    for (const client of [iam, eks]) client.destroy();
  }, 360_000);

  it('lose those of a machine that is killed, whose pods are replaced, and have them back when it is', async () => {
    const labels = { app: 'crew' };
    const toleration = (key: string) => ({
      ...{ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 1 },
    });
    await cluster.apply({
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'crew', labels } },
      spec: {
        ...{ replicas: 2, selector: { matchLabels: labels } },
        template: {
          metadata: { labels },
          spec: {
            terminationGracePeriodSeconds: 0,
            tolerations: ['not-ready', 'unreachable'].map((it) => toleration(`node.kubernetes.io/${it}`)),
            topologySpreadConstraints: [
              {
                ...{
                  maxSkew: 1,
                  topologyKey: 'kubernetes.io/hostname',
                  whenUnsatisfiable: 'ScheduleAnyway',
                },
                labelSelector: { matchLabels: labels },
              },
            ],
            containers: [cluster.container('exec sleep 3600')],
          },
        },
      },
    });
    await until('a pod of the crew on each node', async () => (await podsOn('crew')).size === 2);
    await joined.kill9();
    const nodeOf = async (name: string) =>
      (await list('nodes')).find(({ metadata }) => metadata.name === name);
    await until('the far node not to be ready', async () => !isReady((await nodeOf(far)) ?? never()));
    await until(
      'the crew to be on the near node',
      async () =>
        (await list('pods', '-l', 'app=crew')).filter((it) => isReady(it) && it.spec.nodeName === near)
          .length === 2,
    );
    await joined.up();
    await until('the far node to be ready', async () => isReady((await nodeOf(far)) ?? never()));
    const other = (await onBoth('each')).get(far)?.metadata.name ?? '';
    await until(
      'the far pod to answer',
      async () => (await cluster.say('exec', other, '--', 'hostname')).stdout.trim() === other,
    );
  }, 480_000);

  it('are replaced when their machine leaves, which keeps nothing of them', async () => {
    const left = await joined.catamaran('leave');
    expect(left.stderr + left.stdout).toMatch(/has left/);
    expect(await joined.footprint()).toEqual([]);
    await until('two nodes on the machine that is left', async () => {
      const machines = await machinesOf();
      return machines.length === 2 && new Set(machines).size === 1;
    });
    await until('the far node to be gone', async () =>
      (await list('nodes')).every(({ metadata }) => metadata.name !== far),
    );
  }, 300_000);
});

const never = (): never => {
  throw new Error('the node is not there');
};

/** Status and body of what a load balancer answers for a host, on a connection of its own; or why there is no answer. */
function answerOf(address: string, host: string): Promise<string> {
  return new Promise((resolve) => {
    const options = { host: address, headers: { host }, agent: false, timeout: 60_000 };
    const asked = request(options, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      answer.on('end', () => resolve(`${answer.statusCode} ${body.trim()}`));
      answer.on('error', (error) => resolve(error.message));
    });
    asked.on('error', (error) => resolve(error.message));
    asked.on('timeout', () => asked.destroy(new Error(`${host} does not answer`)));
    asked.end();
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, underlay.home);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
