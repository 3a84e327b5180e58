import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { EKS } from '@aws-sdk/client-eks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Installation, waitFor } from './installation.ts';
import { fetchKubectl } from './kubectl.ts';

const trust = (Service: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' }],
  });
const blue = ['--cluster-name', 'harbor', '--nodegroup-name', 'blue'];

/** As people do it: the AWS CLI makes the cluster and its nodes, and the real kubectl shows them. */
describe('a node group', () => {
  let installation: Installation;
  let kubectl: string;
  /** What `aws eks get-token` says, asked once: the CLI takes its time to start. */
  let token: readonly string[] = [];
  let kubeconfig: string;

  const aws = async (...args: string[]): Promise<string> => {
    const outcome = await installation.aws(...args);
    expect(outcome.code, `aws ${args.join(' ')}\n${outcome.stderr}`).toBe(0);
    return outcome.stdout;
  };
  const k = (...args: string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const env = { ...process.env, ...installation.environment, KUBECONFIG: kubeconfig };
      const all = [...token, ...args];
      execFile(kubectl, all, { env, timeout: 60_000 }, (error, stdout) =>
        error === null ? resolve(stdout) : reject(error),
      );
    });
  const nodeNames = async (): Promise<readonly string[]> =>
    (await k('get', 'nodes', '-o', 'name')).split('\n').filter((it) => it !== '');
  /** The CLI's waiters look every 30 seconds. */
  const status = (wanted: string) =>
    waitFor(`the node group to be ${wanted}`, async () => {
      const eks = new EKS(installation.clientOptions());
      const named = { clusterName: 'harbor', nodegroupName: 'blue' };
      const found = await eks.describeNodegroup(named).then(
        ({ nodegroup }) => nodegroup?.status,
        (error: Error) => error.name,
      );
      return found === wanted ? true : undefined;
    });

  beforeAll(async () => {
    [kubectl, installation] = await Promise.all([fetchKubectl(), Installation.start()]);
    kubeconfig = join(installation.stateDirectory, 'kubeconfig');
    for (const [name, service] of [
      ['harbor', 'eks'],
      ['node', 'ec2'],
    ] as const) {
      const document = trust(`${service}.amazonaws.com`);
      await aws('iam', 'create-role', '--role-name', name, '--assume-role-policy-document', document);
    }
    const subnets = `subnetIds=${await installation.subnetId('a')},${await installation.subnetId('b')}`;
    const role = `arn:aws:iam::${await account()}:role/harbor`;
    await aws(
      'eks',
      'create-cluster',
      '--name',
      'harbor',
      '--role-arn',
      role,
      '--resources-vpc-config',
      subnets,
    );
    await aws('eks', 'wait', 'cluster-active', '--name', 'harbor');
    await aws('eks', 'update-kubeconfig', '--name', 'harbor', '--kubeconfig', kubeconfig);
    const { status: said } = JSON.parse(await aws('eks', 'get-token', '--cluster-name', 'harbor'));
    token = ['--token', said.token];
  }, 240_000);
  afterAll(async () => {
    await installation?.[Symbol.asyncDispose]();
  }, 120_000);

  const account = async (): Promise<string> =>
    (await aws('sts', 'get-caller-identity', '--query', 'Account', '--output', 'text')).trim();

  it('is made by the AWS CLI, and its nodes are Ready', async () => {
    await aws(
      ...['eks', 'create-nodegroup', ...blue, '--node-role', `arn:aws:iam::${await account()}:role/node`],
      ...['--subnets', await installation.subnetId('a'), await installation.subnetId('b')],
      ...['--instance-types', 't3.micro', '--scaling-config', 'minSize=1,maxSize=3,desiredSize=2'],
      ...['--labels', 'tier=front'],
    );
    await status('ACTIVE');
    expect(await k('wait', '--for=condition=Ready', 'nodes', '-l', 'tier=front')).toMatch(
      /^(node\/ip-[\d-]+\.\S+\.internal condition met\n){2}$/,
    );
    const shown = await aws(
      ...['ec2', 'describe-instances', '--filters', 'Name=tag:eks:nodegroup-name,Values=blue'],
      ...[
        '--query',
        'Reservations[].Instances[].[InstanceType,PrivateDnsName,State.Name]',
        '--output',
        'text',
      ],
    );
    const rows = shown.trim().split('\n');
    expect(rows.map((row) => row.split('\t')[0])).toEqual(['t3.micro', 't3.micro']);
    expect(rows.map((row) => `node/${row.split('\t')[1]}`).toSorted()).toEqual(
      (await nodeNames()).toSorted(),
    );
    expect(await k('auth', 'whoami')).toContain('arn:aws:iam');
  }, 120_000);

  it('comes back with its nodes after a restart', async () => {
    const before = await nodeNames();
    await installation.catamaran('down');
    await installation.up();
    await status('ACTIVE');
    await k('wait', '--for=condition=Ready', 'nodes', '--all');
    expect(await nodeNames()).toEqual(before);
  }, 120_000);

  it('gets smaller, and leaves nothing', async () => {
    await aws(
      ...['eks', 'update-nodegroup-config', ...blue],
      ...[
        '--scaling-config',
        'minSize=1,maxSize=3,desiredSize=1',
        '--labels',
        'addOrUpdateLabels={tier=back}',
      ],
    );
    await status('ACTIVE');
    expect(await k('get', 'nodes', '-l', 'tier=back', '-o', 'name')).toMatch(/^node\/\S+\n$/);
    await aws('eks', 'delete-nodegroup', ...blue);
    await status('ResourceNotFoundException');
    expect(await nodeNames()).toEqual([]);
    const query = 'NetworkInterfaces[].Description';
    const left = JSON.parse(await aws('ec2', 'describe-network-interfaces', '--query', query));
    // Those of the control plane stay with the cluster.
    expect(left).toEqual(['Amazon EKS harbor', 'Amazon EKS harbor']);
  }, 120_000);
});
