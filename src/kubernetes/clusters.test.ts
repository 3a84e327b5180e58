import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock/index.ts';
import { openMemoryStore } from '../store/index.ts';
import { type EksServer, scope, startEks } from './testing/eks-server.ts';

let server: EksServer;
beforeEach(async () => {
  server = await startEks();
});
afterEach(() => server[Symbol.asyncDispose]());

const roleArn = `arn:aws:iam::${scope.accountId}:role/eks`;
const wanted = (name: string, more: object = {}) => ({
  ...{ name, roleArn, resourcesVpcConfig: { subnetIds: server.subnetIds } },
  ...more,
});

describe('a cluster', () => {
  it('is CREATING without an endpoint, and ACTIVE when its API server answers', async () => {
    const { cluster: created } = await server.eks.createCluster(wanted('harbor', { tags: { team: 'blue' } }));
    expect(created).toMatchObject({
      ...{ status: 'CREATING', version: '1.36', tags: { team: 'blue' }, certificateAuthority: {} },
      arn: `arn:aws:eks:${scope.region}:${scope.accountId}:cluster/harbor`,
      kubernetesNetworkConfig: { serviceIpv4Cidr: '10.100.0.0/16', ipFamily: 'ipv4' },
      accessConfig: { authenticationMode: 'API', bootstrapClusterCreatorAdminPermissions: true },
    });
    expect(created?.endpoint).toBeUndefined();
    await server.reconcilers.idle();
    const { cluster } = await server.eks.describeCluster({ name: 'harbor' });
    expect(cluster).toMatchObject({
      status: 'ACTIVE',
      endpoint: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+$/),
    });
    expect(await server.eks.listClusters({})).toMatchObject({ clusters: ['harbor'] });
    expect(server.troubles()).toEqual([]);
  });

  it('answers whoever made it, by the token of `aws eks get-token`, and nobody else', async () => {
    const harbor = await server.cluster('harbor');
    const lagoon = await server.cluster('lagoon');
    const status = async (authorization: string) =>
      (await harbor.call('GET', '/api/v1/namespaces', undefined, { authorization })).status;
    expect(await status(`Bearer ${await harbor.token()}`)).toBe(200);
    // The CLI says that it is good for 14 minutes, whatever the URL says of itself.
    expect(await status(`Bearer ${await harbor.token({ at: Date.now() - 14 * 60_000 })}`)).toBe(200);
    expect(await status(`Bearer ${await harbor.token({ at: Date.now() - 16 * 60_000 })}`)).toBe(401);
    expect(await status(`Bearer ${await lagoon.token()}`)).toBe(401);
    const forged = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'guessed' };
    expect(await status(`Bearer ${await harbor.token({ key: forged })}`)).toBe(401);
    expect(await status('Bearer k8s-aws-v1.bm9wZQ')).toBe(401);
    expect(await status('Basic dXNlcjpwYXNz')).toBe(401);
    const { status: code, json } = await harbor.call('GET', '/api/v1/namespaces', undefined, {
      authorization: 'Bearer x',
    });
    expect([code, json]).toEqual([
      401,
      {
        ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' },
        ...{ message: 'Unauthorized', reason: 'Unauthorized', code: 401 },
      },
    ]);
  });

  it('has an authority of its own, and objects of its own', async () => {
    const [harbor, lagoon] = [await server.cluster('harbor'), await server.cluster('lagoon')];
    expect(harbor.certificateAuthority).not.toBe(lagoon.certificateAuthority);
    await harbor.call('POST', '/api/v1/namespaces', { metadata: { name: 'team' } });
    const names = async (cluster: typeof harbor) =>
      (await cluster.call('GET', '/api/v1/namespaces')).json.items.map(
        (it: { metadata: { name: string } }) => it.metadata.name,
      );
    expect(await names(harbor)).toEqual(['default', 'kube-node-lease', 'kube-public', 'kube-system', 'team']);
    expect(await names(lagoon)).toEqual(['default', 'kube-node-lease', 'kube-public', 'kube-system']);
  });

  it('goes with everything in it', async () => {
    const harbor = await server.cluster('harbor');
    await harbor.call('POST', '/api/v1/namespaces/default/configmaps', {
      metadata: { name: 'a', finalizers: ['x.io/y'] },
    });
    const { cluster } = await server.eks.deleteCluster({ name: 'harbor' });
    expect(cluster?.status).toBe('DELETING');
    await server.reconcilers.idle();
    await expect(server.eks.describeCluster({ name: 'harbor' })).rejects.toMatchObject({
      ...{ name: 'ResourceNotFoundException', message: 'No cluster found for name: harbor.' },
    });
    await expect(harbor.call('GET', '/version')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect((await server.store.read('/kubernetes/')).entries).toEqual([]);
  });

  it('is where it was after a restart, with what it kept', async () => {
    const clock = systemClock();
    await using store = openMemoryStore({ clock });
    const first = await startEks({ store });
    const harbor = await first.cluster('harbor');
    await harbor.call('POST', '/api/v1/namespaces/default/configmaps', {
      metadata: { name: 'a' },
      data: { x: '1' },
    });
    await first[Symbol.asyncDispose]();
    await using second = await startEks({ store });
    await second.reconcilers.idle();
    const { cluster } = await second.eks.describeCluster({ name: 'harbor' });
    expect(cluster).toMatchObject({ status: 'ACTIVE', endpoint: harbor.endpoint });
    const { json } = await harbor.call('GET', '/api/v1/namespaces/default/configmaps/a');
    expect(json.data).toEqual({ x: '1' });
    expect(second.troubles()).toEqual([]);
  });
});

describe('CreateCluster refuses', () => {
  const refusals: readonly (readonly [what: string, more: object, code: string, message: RegExp])[] = [
    [
      'a name of other characters',
      { name: 'a b' },
      'InvalidParameterException',
      /at 'name' failed to satisfy constraint/,
    ],
    [
      'what is no role',
      { roleArn: 'arn:aws:iam::1:user/x' },
      'InvalidParameterException',
      /^Invalid Role Arn: 'arn:aws:iam::1:user\/x'$/,
    ],
    [
      'a version that it does not serve',
      { version: '1.20' },
      'InvalidParameterException',
      /^unsupported Kubernetes version 1\.20$/,
    ],
    [
      'one subnet',
      { resourcesVpcConfig: { subnetIds: ['subnet-1'] } },
      'InvalidParameterException',
      /at least two different AZs/,
    ],
    [
      'subnets that are not there',
      { resourcesVpcConfig: { subnetIds: ['subnet-1', 'subnet-2'] } },
      'InvalidParameterException',
      /^The subnet ID 'subnet-1' does not exist$/,
    ],
    [
      'services within the VPC',
      { kubernetesNetworkConfig: { serviceIpv4Cidr: '172.31.0.0/20' } },
      'InvalidParameterException',
      /overlaps with the VPC$/,
    ],
    [
      'services with public addresses',
      { kubernetesNetworkConfig: { serviceIpv4Cidr: '8.8.0.0/16' } },
      'InvalidParameterException',
      /^The specified serviceIpv4Cidr is invalid/,
    ],
    [
      'services at an address amid its block',
      { kubernetesNetworkConfig: { serviceIpv4Cidr: '10.100.0.255/24' } },
      'InvalidParameterException',
      /^The specified serviceIpv4Cidr is invalid/,
    ],
    [
      'services in a block that is larger than the private one',
      { kubernetesNetworkConfig: { serviceIpv4Cidr: '192.160.0.0/12' } },
      'InvalidParameterException',
      /^The specified serviceIpv4Cidr is invalid/,
    ],
    [
      'IPv6',
      { kubernetesNetworkConfig: { ipFamily: 'ipv6' } },
      'InvalidParameterException',
      /^IPv6 clusters are not supported/,
    ],
    [
      'Auto Mode',
      { computeConfig: { enabled: true } },
      'InvalidParameterException',
      /^EKS Auto Mode is not supported/,
    ],
    [
      'logs',
      { logging: { clusterLogging: [{ types: ['scheduler'], enabled: true }] } },
      'InvalidParameterException',
      /^Logs of the type scheduler/,
    ],
    [
      'a key of KMS that is not named',
      { encryptionConfig: [{ resources: ['secrets'] }] },
      'InvalidParameterException',
      /^KeyArn is required$/,
    ],
    ['tags of AWS', { tags: { 'aws:x': 'y' } }, 'InvalidParameterException', /^aws: prefixed tag key names/],
  ];

  it.each(refusals)('%s', async (_what, more, name, message) => {
    const refused = server.eks.createCluster(wanted('harbor', more));
    await expect(refused).rejects.toMatchObject({ name, message: expect.stringMatching(message) });
    expect((await server.eks.listClusters({})).clusters).toEqual([]);
  });

  it('a role that EKS can not assume', async () => {
    await using other = await startEks({ whyNotAssumed: () => 'It is not there.' });
    const { subnetIds } = other;
    const refused = other.eks.createCluster({ name: 'harbor', roleArn, resourcesVpcConfig: { subnetIds } });
    await expect(refused).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: expect.stringContaining('could not be assumed'),
    });
  });

  it('a second cluster of a name, but not the same request again', async () => {
    const asked = wanted('harbor', { clientRequestToken: 'once' });
    const { cluster: first } = await server.eks.createCluster(asked);
    const { cluster: again } = await server.eks.createCluster(asked);
    expect(again?.createdAt).toEqual(first?.createdAt);
    const other = server.eks.createCluster({ ...asked, version: '1.35' });
    await expect(other).rejects.toMatchObject({
      name: 'ResourceInUseException',
      message: 'Cluster already exists with name: harbor',
    });
  });
});

it('DeleteCluster refuses a cluster that is protected', async () => {
  await server.eks.createCluster(wanted('harbor', { deletionProtection: true }));
  await expect(server.eks.deleteCluster({ name: 'harbor' })).rejects.toMatchObject({
    name: 'InvalidRequestException',
  });
});

it('tags are put on clusters, taken off and listed', async () => {
  const { cluster } = await server.eks.createCluster(wanted('harbor', { tags: { a: '1' } }));
  const resourceArn = cluster?.arn ?? '';
  await server.eks.tagResource({ resourceArn, tags: { b: '2' } });
  await server.eks.untagResource({ resourceArn, tagKeys: ['a'] });
  expect((await server.eks.listTagsForResource({ resourceArn })).tags).toEqual({ b: '2' });
  const unknown = server.eks.tagResource({ resourceArn: `${resourceArn}-x`, tags: { b: '2' } });
  await expect(unknown).rejects.toMatchObject({ name: 'NotFoundException' });
});
