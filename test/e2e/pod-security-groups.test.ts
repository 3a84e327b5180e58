import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from './installation.ts';
import { PodCluster } from './pod-cluster.ts';

const kept = { apiVersion: 'vpcresources.k8s.aws/v1beta1', kind: 'SecurityGroupPolicy' };

/** One node, whose pods security groups keep apart, as EKS's user guide does it. */
describe('security groups for pods', () => {
  let cluster: PodCluster;
  /** By name. */
  const groups = new Map<string, string>();
  const k = (...args: string[]) => cluster.k(...args);
  const ask = async (from: string, host: string, port = 8_080): Promise<boolean> => {
    const request = `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 2 ${host} ${port} || true`;
    return (await k('exec', from, '--', 'sh', '-c', request)).startsWith('HTTP/');
  };
  const pod = (name: string) => ({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app: name } } },
    spec: {
      ...{ terminationGracePeriodSeconds: 0, automountServiceAccountToken: false },
      containers: [cluster.container('mkdir -p /www && exec httpd -f -p 8080 -h /www')],
    },
  });
  const ready = (...names: string[]) =>
    k('wait', '--for=condition=Ready', '--timeout=100s', ...names.map((name) => `pod/${name}`));
  const interfaceOf = async (name: string) => {
    const told = JSON.parse(await k('get', 'pod', name, '-o', 'json')).metadata.annotations;
    const [{ eniId, privateIp }] = JSON.parse(told['vpc.amazonaws.com/pod-eni']);
    const asked = { NetworkInterfaceIds: [eniId] };
    const { NetworkInterfaces: [found] = [] } = await cluster.installation
      .ec2()
      .describeNetworkInterfaces(asked);
    return { privateIp, ...found };
  };
  const events = (reason: string) =>
    k('get', 'events', '-A', '--field-selector', `reason=${reason}`, '-o', 'jsonpath={.items[*].message}');
  const rule = () => ({
    GroupId: groups.get('db'),
    IpPermissions: [
      {
        ...{ IpProtocol: 'tcp', FromPort: 8_080, ToPort: 8_080 },
        UserIdGroupPairs: [{ GroupId: groups.get('client') }],
      },
    ],
  });

  beforeAll(async () => {
    cluster = await PodCluster.start(1, { instanceType: 'm7a.medium' });
    const ec2 = cluster.installation.ec2();
    const { Vpcs: [vpc] = [] } = await ec2.describeVpcs();
    for (const name of ['db', 'client']) {
      const about = { GroupName: name, Description: name, VpcId: vpc?.VpcId };
      groups.set(name, (await ec2.createSecurityGroup(about)).GroupId ?? '');
    }
    await ec2.authorizeSecurityGroupIngress(rule());
    await cluster.apply(
      ...['db', 'client'].map((name) => ({
        ...{ ...kept, metadata: { name } },
        spec: {
          podSelector: { matchLabels: { app: name } },
          securityGroups: { groupIds: [groups.get(name)] },
        },
      })),
      {
        ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'db' } },
        spec: { selector: { app: 'db' }, ports: [{ port: 80, targetPort: 8_080 }] },
      },
    );
  }, 300_000);
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
  });

  it('need ENABLE_POD_ENI, and a cluster role that may make interfaces', async () => {
    expect(await k('get', 'sgp')).toContain(groups.get('db'));
    await cluster.apply(pod('db'));
    await waitFor('the pod to lack a resource', async () =>
      (await events('FailedScheduling')).includes('Insufficient vpc.amazonaws.com/pod-eni')
        ? true
        : undefined,
    );
    await cluster.eks.createAddon({
      ...{ clusterName: 'harbor', addonName: 'vpc-cni' },
      configurationValues: JSON.stringify({ env: { ENABLE_POD_ENI: 'true' } }),
    });
    await waitFor('the trunk to be refused', async () =>
      (await events('TrunkENICreationFailed')).includes(
        'Please verify the cluster IAM role has AmazonEKSVPCResourceController policy',
      )
        ? true
        : undefined,
    );
    // Interfaces are tagged as they are made, which is for the policy of clusters to allow.
    for (const policy of ['AmazonEKSClusterPolicy', 'AmazonEKSVPCResourceController'])
      await cluster.iam.attachRolePolicy({
        ...{ RoleName: 'harbor', PolicyArn: `arn:aws:iam::aws:policy/${policy}` },
      });
    await ready('db');
    const capacity = '-o=jsonpath={.items[0].status.allocatable.vpc\\.amazonaws\\.com/pod-eni}';
    expect(await k('get', 'nodes', capacity)).toBe('4');
  }, 300_000);

  it('are of an interface of the pod’s own, and hold on its node too', async () => {
    await cluster.apply(pod('client'), pod('other'));
    await ready('client', 'other');
    const own = await interfaceOf('db');
    expect(own).toMatchObject({
      ...{ Description: 'aws-k8s-branch-eni', InterfaceType: 'branch', Status: 'in-use' },
      Groups: [{ GroupId: groups.get('db'), GroupName: 'db' }],
    });
    const address = await k('get', 'pod', 'db', '-o', 'jsonpath={.status.podIP}');
    expect(address).toBe(own.privateIp);
    const reaching = async () => {
      for (const [host, port] of [
        [address, 8_080],
        ['db', 80],
      ] as const)
        await waitFor(`the client to reach ${host}`, async () =>
          (await ask('client', host, port)) ? true : undefined,
        );
      expect({
        other: await ask('other', address),
        'other by name': await ask('other', 'db', 80),
        'db to client': await ask('db', await k('get', 'pod', 'client', '-o', 'jsonpath={.status.podIP}')),
      }).toEqual({ other: false, 'other by name': false, 'db to client': false });
    };
    await reaching();
    await cluster.installation.catamaran('down');
    // Pods go on, and nobody has to look after them.
    await cluster.installation.up();
    await waitFor('the kubelet', async () =>
      (await cluster.say('exec', 'client', '--', 'true')).code === 0 ? true : undefined,
    );
    await reaching();
  }, 300_000);

  it('change with the groups’ rules, at once', async () => {
    await cluster.installation.ec2().revokeSecurityGroupIngress(rule());
    await waitFor('the client to be kept out', async () =>
      (await ask('client', 'db', 80)) ? undefined : true,
    );
  });

  it('leave interfaces that go after a rest', async () => {
    const { NetworkInterfaceId } = await interfaceOf('db');
    await k('delete', 'pod', 'db');
    await waitFor(
      'the interface to go',
      async () => {
        const Filters = [{ Name: 'network-interface-id', Values: [NetworkInterfaceId ?? ''] }];
        const { NetworkInterfaces } = await cluster.installation.ec2().describeNetworkInterfaces({ Filters });
        return NetworkInterfaces?.length === 0 ? true : undefined;
      },
      () => '',
      160_000,
    );
  }, 240_000);
});
