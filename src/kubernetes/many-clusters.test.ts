import { expect, it } from 'vitest';
import { scope, startEks } from './testing/eks-server.ts';

/** "Clusters per Region" (EKS quotas). */
const count = 100;

it('a hundred clusters live in one process, each with a name, an authority and objects of its own', async () => {
  await using server = await startEks();
  const names = Array.from({ length: count }, (_, index) => `c-${index}`);
  const create = (name: string) =>
    server.eks.createCluster({
      ...{ name, roleArn: `arn:aws:iam::${scope.accountId}:role/eks` },
      resourcesVpcConfig: { subnetIds: server.subnetIds },
    });
  await Promise.all(names.map(create));
  await expect(create('one-more')).rejects.toMatchObject({ name: 'ResourceLimitExceededException' });
  await server.reconcilers.idle();
  const clusters = await Promise.all(names.map((name) => server.found(name)));
  expect(new Set(clusters.map(({ certificateAuthority }) => certificateAuthority)).size).toBe(count);
  const [first, last] = [clusters[0], clusters.at(-1)];
  if (first === undefined || last === undefined) throw new Error('There are no clusters');
  const configMaps = '/api/v1/namespaces/default/configmaps';
  await first.call('POST', configMaps, { metadata: { name: 'own' } });
  const statuses = await Promise.all(
    clusters.map(async (cluster) => (await cluster.call('GET', `${configMaps}/own`)).status),
  );
  expect(statuses).toEqual([200, ...Array(count - 1).fill(404)]);
  // Who is let into one is nobody in another.
  const authorization = `Bearer ${await first.token()}`;
  expect((await last.call('GET', configMaps, undefined, { authorization })).status).toBe(401);
  expect(server.troubles()).toEqual([]);
}, 120_000);
