import { afterEach, beforeEach, expect, it } from 'vitest';
import { controlPlanes } from './records.ts';
import { type EksServer, startEks } from './testing/eks-server.ts';

let server: EksServer;
beforeEach(async () => {
  server = await startEks();
});
afterEach(() => server[Symbol.asyncDispose]());

const name = 'harbor';

it('a cluster of another version serves that version where it was, with what it kept, and can go back', async () => {
  const harbor = await server.cluster(name, { version: '1.35' });
  const minor = async () => (await harbor.call('GET', '/version')).json.minor;
  expect(await minor()).toBe('35');
  await harbor.call('POST', '/api/v1/namespaces/default/configmaps', { metadata: { name: 'a' } });
  for (const version of ['1.36', '1.35']) {
    const { update } = await server.eks.updateClusterVersion({ name, version });
    await server.reconcilers.idle();
    const found = await server.eks.describeUpdate({ name, updateId: update?.id });
    expect(found.update).toMatchObject({ status: 'Successful' });
    const { cluster } = await server.eks.describeCluster({ name });
    expect(cluster).toMatchObject({ status: 'ACTIVE', version, endpoint: harbor.endpoint });
    expect(await minor()).toBe(version.slice(2));
  }
  expect((await harbor.call('GET', '/api/v1/namespaces/default/configmaps/a')).status).toBe(200);
  expect(server.troubles()).toEqual([]);
});

it('a cluster gets its StorageClasses once, also one that was made before there were any', async () => {
  const path = '/apis/storage.k8s.io/v1/storageclasses';
  const harbor = await server.cluster(name, { version: '1.35' });
  const isDefault = 'storageclass.kubernetes.io/is-default-class';
  const classes = async (): Promise<readonly (readonly [string, string | undefined])[]> =>
    (await harbor.call('GET', path)).json.items.map(
      ({ metadata }: { metadata: { name: string; annotations?: Record<string, string> } }) => [
        metadata.name,
        metadata.annotations?.[isDefault],
      ],
    );
  const startAgain = async (version: string) => {
    await server.eks.updateClusterVersion({ name, version });
    await server.reconcilers.idle();
  };
  await harbor.call('DELETE', `${path}/gp2`);
  await startAgain('1.36');
  expect(await classes()).toEqual([['local', 'true']]);
  // As if it had been made before, with a default of its own.
  await harbor.call('DELETE', `${path}/local`);
  await harbor.call('POST', path, {
    ...{ metadata: { name: 'own', annotations: { [isDefault]: 'true' } }, provisioner: 'example.com/disk' },
  });
  await server.state.transact((tx) => {
    for (const { key, value } of [...server.state.list(controlPlanes)]) {
      const { hasStorageClasses: _, ...before } = value;
      tx.put(controlPlanes, key, before);
    }
  });
  await startAgain('1.35');
  expect(await classes()).toEqual([
    ['gp2', undefined],
    ['local', undefined],
    ['own', 'true'],
  ]);
});

it('a cluster can be reached from its publicAccessCidrs only, and what verifies its tokens from everywhere', async () => {
  const harbor = await server.cluster(name);
  const only = async (...publicAccessCidrs: string[]) => {
    await server.eks.updateClusterConfig({ name, resourcesVpcConfig: { publicAccessCidrs } });
    await server.reconcilers.idle();
  };
  await only('203.0.113.0/24');
  await expect(harbor.call('GET', '/version')).rejects.toMatchObject({ code: 'ECONNRESET' });
  const { cluster } = await server.eks.describeCluster({ name });
  const issuer = new URL(cluster?.identity?.oidc?.issuer ?? '').pathname;
  expect((await harbor.call('GET', `${issuer}/keys`)).status).toBe(200);
  await only('203.0.113.0/24', '127.0.0.0/8');
  expect((await harbor.call('GET', '/version')).status).toBe(200);
});

it('a cluster has one certificate authority, which signs its certificates and can not go', async () => {
  const { certificateAuthority } = await server.cluster(name);
  const of = { clusterName: name };
  const { certificateAuthorities } = await server.eks.listCertificateAuthorities(of);
  const id = certificateAuthorities?.[0]?.id ?? '';
  expect(certificateAuthorities).toMatchObject([
    { createdBy: 'EKS', activatedBy: 'EKS', signingStatus: 'IN_USE', distributionStatus: 'COMPLETE' },
  ]);
  const { cluster } = await server.eks.describeCluster({ name });
  expect(cluster?.certificateAuthority?.active).toEqual({ id, activatedBy: 'EKS' });
  const one = { ...of, certificateAuthorityId: id };
  const described = (await server.eks.describeCertificateAuthority(one)).certificateAuthority;
  expect(Buffer.from(described?.data ?? '', 'base64').toString()).toBe(certificateAuthority);
  const { notBefore, notAfter } = described?.validity ?? {};
  expect(notAfter?.getTime()).toBeGreaterThan(notBefore?.getTime() ?? 0);
  await expect(server.eks.deleteCertificateAuthority(one)).rejects.toMatchObject({
    name: 'ResourceInUseException',
  });
  await expect(server.eks.activateCertificateAuthority(one)).rejects.toMatchObject({
    name: 'InvalidParameterException',
  });
  await expect(
    server.eks.describeCertificateAuthority({ ...of, certificateAuthorityId: 'ca-x' }),
  ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});
