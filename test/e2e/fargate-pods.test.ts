import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EKS, waitUntilClusterActive, waitUntilFargateProfileActive } from '@aws-sdk/client-eks';
import { IAM } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusResponse } from '../../src/cli/index.ts';
import { systemClock } from '../../src/clock/index.ts';
import { eksToken } from '../../src/eks-token.ts';
import { installationContainers, testImage } from './image.ts';
import { catamaran, Installation, waitFor } from './installation.ts';
import { fetchKubectl } from './kubectl.ts';

const trust = (Service: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' }],
  });
const run = promisify(execFile);
const cold = ['--cluster-name', 'harbor', '--fargate-profile-name', 'cold'];

/** Pods on Fargate, in a cluster without any node group: the AWS CLI and the real kubectl. */
describe('pods on Fargate', () => {
  let installation: Installation;
  let program: string;
  let image: string;
  /** Where the cluster's API is. */
  let access: readonly string[];
  let podRole: string;
  let nodeRole: string;
  let privateSubnet: string;

  const aws = async (...args: string[]): Promise<string> => {
    const outcome = await installation.aws(...args);
    expect(outcome.code, `aws ${args.join(' ')}\n${outcome.stderr}`).toBe(0);
    return outcome.stdout.trim();
  };
  const kubectl = async (...args: string[]): Promise<string> => {
    const { region, credentials } = installation.clientOptions();
    const token = await eksToken('harbor', region, credentials, systemClock().now());
    const all = [...access, `--token=${token}`, ...args];
    return (await run(program, all, { timeout: 110_000 })).stdout;
  };
  /** In the namespace whose pods are on Fargate. */
  const k = (...args: string[]): Promise<string> => kubectl('-n', 'cold', ...args);
  const apply = async (...objects: readonly object[]): Promise<void> => {
    const path = join(installation.stateDirectory, 'objects.json');
    await writeFile(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    await kubectl('apply', '-f', path);
  };
  const podSpec = (command: string) => ({
    ...{ terminationGracePeriodSeconds: 1, automountServiceAccountToken: false },
    containers: [
      { name: 'main', image, imagePullPolicy: 'IfNotPresent', command: ['/bin/sh', '-c', command] },
    ],
  });
  const nodes = async (): Promise<readonly string[]> =>
    (await k('get', 'nodes', '-o', 'name')).split('\n').filter((it) => it !== '');
  const interfaces = async () => {
    const Filters = [{ Name: 'requester-id', Values: ['amazon-eks-fargate'] }];
    return (await installation.ec2().describeNetworkInterfaces({ Filters })).NetworkInterfaces ?? [];
  };

  beforeAll(async () => {
    [program, installation, image] = await Promise.all([fetchKubectl(), Installation.start(), testImage()]);
    const options = installation.clientOptions();
    const [iam, ec2, eks] = [new IAM(options), installation.ec2(), new EKS(options)];
    const roles = [];
    for (const [RoleName, service] of [
      ['harbor', 'eks'],
      ['pods', 'eks-fargate-pods'],
      ['node', 'ec2'],
    ] as const) {
      const AssumeRolePolicyDocument = trust(`${service}.amazonaws.com`);
      roles.push((await iam.createRole({ RoleName, AssumeRolePolicyDocument })).Role?.Arn ?? '');
    }
    let roleArn: string | undefined;
    [roleArn, podRole = '', nodeRole = ''] = roles;
    const PolicyArn = 'arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy';
    await iam.attachRolePolicy({ RoleName: 'node', PolicyArn });
    const subnetIds = [await installation.subnetId('a'), await installation.subnetId('b')];
    const { Subnets } = await ec2.describeSubnets({ SubnetIds: subnetIds });
    const { VpcId } = Subnets?.[0] ?? {};
    const { Subnet } = await ec2.createSubnet({ VpcId, CidrBlock: '172.31.128.0/24' });
    privateSubnet = Subnet?.SubnetId ?? '';
    const { RouteTable } = await ec2.createRouteTable({ VpcId });
    const { RouteTableId } = RouteTable ?? {};
    await ec2.associateRouteTable({ RouteTableId, SubnetId: privateSubnet });
    await eks.createCluster({ name: 'harbor', roleArn, resourcesVpcConfig: { subnetIds } });
    await waitUntilClusterActive({ client: eks, maxWaitTime: 100, minDelay: 1 }, { name: 'harbor' });
    const { cluster } = await eks.describeCluster({ name: 'harbor' });
    const authority = join(installation.stateDirectory, 'harbor.pem');
    await writeFile(authority, Buffer.from(cluster?.certificateAuthority?.data ?? '', 'base64'));
    access = [`--server=${cluster?.endpoint}`, `--certificate-authority=${authority}`];
  }, 300_000);
  afterAll(async () => {
    await installation?.[Symbol.asyncDispose]();
  });

  const app = { app: 'web' };
  /** Who is asked says its kernel. Under gVisor a connection that was accepted does not block: nothing is read from it. */
  const serve = 'echo serving && trap "exit 0" TERM && nc -ll -p 8080 -e cat /proc/version & wait';
  const ask = (host: string, port: number): string =>
    `until nc -w 5 ${host} ${port} < /dev/null | grep 'Linux version'; do sleep 0.2; done`;

  it('run without a node group, each on a node of its own, as apart as tasks on Fargate', async () => {
    await aws(
      ...['eks', 'create-fargate-profile', ...cold, '--pod-execution-role-arn', podRole],
      ...['--subnets', privateSubnet, '--selectors', 'namespace=cold'],
    );
    // The CLI's waiter looks every 10 seconds.
    await waitUntilFargateProfileActive(
      { client: new EKS(installation.clientOptions()), maxWaitTime: 100, minDelay: 1 },
      { clusterName: 'harbor', fargateProfileName: 'cold' },
    );
    await k('create', 'namespace', 'cold');
    await apply(
      {
        ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'cold' } },
        spec: {
          ...{ replicas: 1, selector: { matchLabels: app } },
          template: { metadata: { labels: app }, spec: podSpec(serve) },
        },
      },
      {
        ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'cold' } },
        spec: { selector: app, ports: [{ port: 80, targetPort: 8_080 }] },
      },
    );
    await k('rollout', 'status', 'deployment/web', '--timeout=100s');
    const [pod] = JSON.parse(await k('get', 'pods', '-o', 'json')).items;
    expect(pod.spec.nodeName).toMatch(/^fargate-ip-172-31-128-\d+\.\S+\.internal$/);
    expect(pod.status.podIP).toBe(pod.status.hostIP);
    expect(pod.metadata.annotations).toMatchObject({ CapacityProvisioned: '0.25vCPU 0.5GB' });
    expect(await nodes()).toEqual([`node/${pod.spec.nodeName}`]);
    expect(await interfaces()).toMatchObject([
      { SubnetId: privateSubnet, PrivateIpAddress: pod.status.podIP },
    ]);
    const { stdout } = await catamaran(['status', '--json', '--state', installation.stateDirectory]);
    const { isolation } = (JSON.parse(stdout) as StatusResponse).fargate;
    const kernel = await k('exec', 'deployment/web', '--', 'cat', '/proc/version');
    if (isolation === 'gvisor') expect(kernel).toMatch(/^Linux version 4\.4\.0 /);
    await expect.poll(() => k('logs', 'deployment/web')).toBe('serving\n');
  }, 300_000);

  it('are reached by their service’s name from others, whose logs stay as long as they do', async () => {
    const command = `${ask('web', 80)} && nslookup -type=a web.cold.svc.cluster.local`;
    await apply({
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'asks', namespace: 'cold' } },
      spec: { restartPolicy: 'Never', ...podSpec(command) },
    });
    await waitFor('the pod to end', async () => {
      const phase = await k('get', 'pod', 'asks', '-o', 'jsonpath={.status.phase}');
      if (phase === 'Failed') throw new Error(await k('logs', 'asks'));
      return phase === 'Succeeded' ? true : undefined;
    });
    expect(await k('logs', 'asks')).toContain('Linux version');
    expect(await nodes()).toHaveLength(2);
    await k('delete', 'pod', 'asks');
    await waitFor('its node to go', async () => ((await nodes()).length === 1 ? true : undefined));
    await waitFor('its interface to go', async () => ((await interfaces()).length === 1 ? true : undefined));
  }, 300_000);

  it('are reached from pods of a node group as well', async () => {
    const eks = new EKS(installation.clientOptions());
    const blue = { clusterName: 'harbor', nodegroupName: 'blue' };
    await eks.createNodegroup({
      ...{ ...blue, nodeRole, subnets: [await installation.subnetId('a')], instanceTypes: ['t3.micro'] },
      scalingConfig: { minSize: 0, maxSize: 1, desiredSize: 1 },
    });
    const metadata = { name: 'asks', namespace: 'default' };
    const spec = { restartPolicy: 'Never', ...podSpec(ask('web.cold', 80)) };
    await apply({ apiVersion: 'v1', kind: 'Pod', metadata, spec });
    await waitFor('the pod to end', async () => {
      const phase = await kubectl('get', 'pod', 'asks', '-o', 'jsonpath={.status.phase}');
      return phase === 'Succeeded' ? true : undefined;
    });
    const asker = JSON.parse(await kubectl('get', 'pod', 'asks', '-o', 'json'));
    expect(asker.spec.nodeName).toMatch(/^ip-/);
    await kubectl('delete', 'pod', 'asks');
    await eks.deleteNodegroup(blue);
    await waitFor('the node group to go', async () => {
      const { nodegroups } = await eks.listNodegroups({ clusterName: 'harbor' });
      return nodegroups?.length === 0 ? true : undefined;
    });
    await waitFor('its node to go', async () => ((await nodes()).length === 1 ? true : undefined));
  }, 300_000);

  it('go on through a kill, and are neither doubled nor lost', async () => {
    const before = JSON.parse(await k('get', 'pods', '-o', 'json')).items;
    await installation.kill9();
    await installation.up();
    await k('wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=100s');
    const after = JSON.parse(await k('get', 'pods', '-o', 'json')).items;
    expect(after).toHaveLength(1);
    expect(after[0].metadata.uid).toBe(before[0].metadata.uid);
    expect(after[0].status.containerStatuses[0].restartCount).toBe(0);
    await waitFor('the kubelet to serve', async () =>
      k('exec', 'deployment/web', '--', 'sh', '-c', ask('127.0.0.1', 8_080)).then(
        (answer) => (answer.includes('Linux version') ? true : undefined),
        () => undefined,
      ),
    );
    expect(await nodes()).toHaveLength(1);
  }, 300_000);

  it('go with their profile, and leave nothing', async () => {
    await aws('eks', 'delete-fargate-profile', ...cold);
    const eks = new EKS(installation.clientOptions());
    await waitFor('the profile to go', async () => {
      const { fargateProfileNames } = await eks.listFargateProfiles({ clusterName: 'harbor' });
      return fargateProfileNames?.length === 0 ? true : undefined;
    });
    await expect.poll(nodes).toEqual([]);
    await expect.poll(interfaces).toEqual([]);
    await expect.poll(() => installationContainers(installation.stateDirectory)).toEqual([]);
    // Nobody runs what its Deployment makes instead.
    await expect.poll(() => k('get', 'pods', '-o', 'jsonpath={.items[*].status.phase}')).toBe('Pending');
    await eks.deleteCluster({ name: 'harbor' });
  }, 300_000);
});
