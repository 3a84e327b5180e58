import { EKS } from '@aws-sdk/client-eks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Installation, waitFor } from './installation.ts';
import { PodCluster } from './pod-cluster.ts';

const blue = ['--cluster-name', 'harbor', '--nodegroup-name', 'blue'];

/** As people do it: the AWS CLI makes the cluster's nodes, and the real kubectl shows them. */
describe('a node group', () => {
  let cluster: PodCluster;
  let installation: Installation;

  const aws = async (...args: string[]): Promise<string> => {
    const outcome = await installation.aws(...args);
    expect(outcome.code, `aws ${args.join(' ')}\n${outcome.stderr}`).toBe(0);
    return outcome.stdout;
  };
  const k = (...args: string[]): Promise<string> => cluster.k(...args);
  const nodeNames = async (): Promise<readonly string[]> =>
    (await k('get', 'nodes', '-o', 'name')).split('\n').filter((it) => it !== '');
  /** The CLI's waiters look every 30 seconds. */
  const status = (wanted: string) =>
    waitFor(`the node group to be ${wanted}`, async () => {
      const named = { clusterName: 'harbor', nodegroupName: 'blue' };
      // Where it answers now: a restart gives it another port.
      const eks = new EKS(installation.clientOptions());
      const found = await eks.describeNodegroup(named).then(
        ({ nodegroup }) => nodegroup?.status,
        (error: Error) => error.name,
      );
      return found === wanted ? true : undefined;
    });

  beforeAll(async () => {
    cluster = await PodCluster.start(0);
    installation = cluster.installation;
  }, 240_000);
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
  });

  it('is made by the AWS CLI, and its nodes are Ready', async () => {
    const { Role } = await cluster.iam.getRole({ RoleName: 'node' });
    await aws(
      ...['eks', 'create-nodegroup', ...blue, '--node-role', Role?.Arn ?? ''],
      ...['--subnets', await installation.subnetId('a'), await installation.subnetId('b')],
      ...['--instance-types', 't3.micro', '--scaling-config', 'minSize=1,maxSize=3,desiredSize=2'],
      ...['--labels', 'tier=front'],
    );
    await status('ACTIVE');
    expect(await k('wait', '--for=condition=Ready', 'nodes', '-l', 'tier=front', '--timeout=100s')).toMatch(
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
  }, 300_000);

  it('comes back with its nodes after a restart', async () => {
    const before = await nodeNames();
    await installation.catamaran('down');
    await installation.up();
    await status('ACTIVE');
    // What the records say the API server does a moment later.
    await waitFor('the nodes to be Ready', async () => {
      const { code } = await cluster.say('wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=60s');
      return code === 0 ? true : undefined;
    });
    expect(await nodeNames()).toEqual(before);
  }, 300_000);

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
  }, 300_000);
});
