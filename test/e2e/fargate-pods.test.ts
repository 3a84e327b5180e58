import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EKS, waitUntilClusterActive } from '@aws-sdk/client-eks';
import { IAM } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusResponse } from '../../src/cli/index.ts';
import { eksToken } from '../../src/kubernetes/testing/eks-token.ts';
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
  let kubectl: string;
  let image: string;
  /** Where the cluster's API is. */
  let access: readonly string[];
  let podRole: string;
  let privateSubnet: string;

  const aws = async (...args: string[]): Promise<string> => {
    const outcome = await installation.aws(...args);
    expect(outcome.code, `aws ${args.join(' ')}\n${outcome.stderr}`).toBe(0);
    return outcome.stdout.trim();
  };
  const k = async (...args: string[]): Promise<string> => {
    const { region, credentials } = installation.clientOptions();
    const token = await eksToken('harbor', region, credentials);
    const all = [...access, `--token=${token}`, '-n', 'cold', ...args];
    return (await run(kubectl, all, { timeout: 90_000 })).stdout;
  };
  const apply = async (...objects: readonly object[]): Promise<void> => {
    const path = join(installation.stateDirectory, 'objects.json');
    await writeFile(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    await k('apply', '--validate=false', '-f', path);
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
    [kubectl, installation, image] = await Promise.all([fetchKubectl(), Installation.start(), testImage()]);
    const options = installation.clientOptions();
    const [iam, ec2, eks] = [new IAM(options), installation.ec2(), new EKS(options)];
    const roles = [];
    for (const [RoleName, service] of [
      ['harbor', 'eks'],
      ['pods', 'eks-fargate-pods'],
    ] as const) {
      const AssumeRolePolicyDocument = trust(`${service}.amazonaws.com`);
      roles.push((await iam.createRole({ RoleName, AssumeRolePolicyDocument })).Role?.Arn ?? '');
    }
    const [roleArn, podExecutionRoleArn = ''] = roles;
    podRole = podExecutionRoleArn;
    const subnetIds = [await installation.subnetId('a'), await installation.subnetId('b')];
    const { Subnets } = await ec2.describeSubnets({ SubnetIds: subnetIds });
    const { VpcId } = Subnets?.[0] ?? {};
    const { Subnet } = await ec2.createSubnet({ VpcId, CidrBlock: '172.31.128.0/24' });
    privateSubnet = Subnet?.SubnetId ?? '';
    const { RouteTable } = await ec2.createRouteTable({ VpcId });
    const { RouteTableId } = RouteTable ?? {};
    await ec2.associateRouteTable({ RouteTableId, SubnetId: privateSubnet });
    await eks.createCluster({ name: 'harbor', roleArn, resourcesVpcConfig: { subnetIds } });
    await waitUntilClusterActive({ client: eks, maxWaitTime: 60, minDelay: 1 }, { name: 'harbor' });
    const { cluster } = await eks.describeCluster({ name: 'harbor' });
    const authority = join(installation.stateDirectory, 'harbor.pem');
    await writeFile(authority, Buffer.from(cluster?.certificateAuthority?.data ?? '', 'base64'));
    access = [`--server=${cluster?.endpoint}`, `--certificate-authority=${authority}`];
  }, 240_000);
  afterAll(async () => {
    await installation?.[Symbol.asyncDispose]();
  }, 120_000);

  const app = { app: 'web' };
  /** Under gVisor sockets do not block, which BusyBox's wget and httpd rely on: nc polls, and what httpd misses is asked again. */
  const ask = (host: string, port: number): string =>
    `until printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 5 ${host} ${port} | grep 'Linux version'; do sleep 0.2; done`;
  const serve =
    'mkdir /www && cp /proc/version /www/index.html && echo serving && trap "exit 0" TERM && httpd -f -p 8080 -h /www & wait';

  it('run without a node group, each on a node of its own, as apart as tasks on Fargate', async () => {
    await aws(
      ...['eks', 'create-fargate-profile', ...cold, '--pod-execution-role-arn', podRole],
      ...['--subnets', privateSubnet, '--selectors', 'namespace=cold'],
    );
    await aws('eks', 'wait', 'fargate-profile-active', ...cold);
    await k('create', 'namespace', 'cold');
    await apply(
      {
        ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' } },
        spec: {
          ...{ replicas: 1, selector: { matchLabels: app } },
          template: { metadata: { labels: app }, spec: podSpec(serve) },
        },
      },
      {
        ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' } },
        spec: { selector: app, ports: [{ port: 80, targetPort: 8_080 }] },
      },
    );
    await k('rollout', 'status', 'deployment/web', '--timeout=60s');
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
    const kernel = await k('exec', 'deployment/web', '--', 'cat', '/www/index.html');
    const own = await k('exec', 'deployment/web', '--', 'cat', '/proc/version');
    expect(own).toBe(kernel);
    if (isolation === 'gvisor') expect(kernel).toMatch(/^Linux version 4\.4\.0 /);
    expect(await k('logs', 'deployment/web')).toBe('serving\n');
  }, 240_000);

  it('are reached by their service’s name from others, whose logs stay as long as they do', async () => {
    const command = `${ask('web', 80)} && nslookup -type=a web.cold.svc.cluster.local`;
    await apply({
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'asks' } },
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
  }, 240_000);

  it('go on through a kill, and are neither doubled nor lost', async () => {
    const before = JSON.parse(await k('get', 'pods', '-o', 'json')).items;
    await installation.kill9();
    await installation.up();
    await k('wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=60s');
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
  }, 240_000);

  it('go with their profile, and leave nothing', async () => {
    await aws('eks', 'delete-fargate-profile', ...cold);
    const eks = new EKS(installation.clientOptions());
    await waitFor('the profile to go', async () => {
      const { fargateProfileNames } = await eks.listFargateProfiles({ clusterName: 'harbor' });
      return fargateProfileNames?.length === 0 ? true : undefined;
    });
    expect(await nodes()).toEqual([]);
    expect(await interfaces()).toEqual([]);
    expect(await installationContainers(installation.stateDirectory)).toEqual([]);
    // Nobody runs what its Deployment makes instead.
    expect(await k('get', 'pods', '-o', 'jsonpath={.items[*].status.phase}')).toBe('Pending');
    await eks.deleteCluster({ name: 'harbor' });
  }, 240_000);
});
