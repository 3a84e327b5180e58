import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock/index.ts';
import { clusterKey, clusters } from '../services/eks/index.ts';
import { openSqliteStore, type Store } from '../store/index.ts';
import { type EksServer, scope, startEks, type TestCluster } from './testing/eks-server.ts';

const plaintext = 'the-tide-turns-at-four';
const data = { tide: Buffer.from(plaintext).toString('base64') };
const secrets = '/api/v1/namespaces/default/secrets';
const secret = (name: string, more: object = {}) => ({
  ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name, labels: { moored: 'yes' } }, data },
  ...more,
});

let directory: string;
let store: Store;
let server: EksServer;

const start = async (): Promise<void> => {
  store = await openSqliteStore({ directory, clock: systemClock() });
  server = await startEks({ store });
};
/** As when the process ends and another one begins. */
const restart = async (): Promise<void> => {
  await server[Symbol.asyncDispose]();
  await store.close();
  await start();
};
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sealed-'));
  await start();
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await store.close();
  await rm(directory, { recursive: true });
});

const newKey = async (): Promise<string> => (await server.kms.createKey({})).KeyMetadata?.Arn ?? '';
const encryptionConfig = (keyArn: string) => [{ resources: ['secrets'], provider: { keyArn } }];
/** Everything that the store has written, in one text. */
const onDisk = async (): Promise<string> => {
  const names = (await readdir(directory)).toSorted();
  return (await Promise.all(names.map((name) => readFile(join(directory, name))))).join('\n');
};
const read = async (cluster: TestCluster, name: string) =>
  (await cluster.call('GET', `${secrets}/${name}`)).json;

describe('Secrets of a cluster with a key of KMS', () => {
  it('are on disk for nobody to read, and there again after a restart', async () => {
    const keyArn = await newKey();
    const harbor = await server.cluster('harbor', { encryptionConfig: encryptionConfig(keyArn) });
    const plain = await server.cluster('lagoon');
    expect((await server.eks.describeCluster({ name: 'harbor' })).cluster).toMatchObject({
      ...{ encryptionConfig: encryptionConfig(keyArn), health: { issues: [] } },
    });
    const created = await harbor.call('POST', secrets, secret('tides'));
    expect([created.status, created.json.data]).toEqual([201, data]);
    await harbor.call(
      'PATCH',
      `${secrets}/tides`,
      { metadata: { annotations: { note: plaintext } } },
      {
        'content-type': 'application/merge-patch+json',
      },
    );
    const listed = await harbor.call('GET', `${secrets}?labelSelector=moored%3Dyes`);
    expect(listed.json.items).toMatchObject([{ metadata: { annotations: { note: plaintext } }, data }]);
    const written = await onDisk();
    for (const text of [plaintext, data.tide]) expect(written).not.toContain(text);
    // What finds it where it is kept as it is.
    await plain.call('POST', secrets, secret('tides'));
    expect(await onDisk()).toContain(data.tide);

    const before = await read(harbor, 'tides');
    await restart();
    const again = await server.found('harbor');
    expect(await read(again, 'tides')).toEqual(before);
    const { resourceVersion } = before.metadata;
    const replaced = await again.call('PUT', `${secrets}/tides`, { ...before, data: { tide: 'aGlnaA==' } });
    expect(replaced.json.data).toEqual({ tide: 'aGlnaA==' });
    // Whoever resumes sees what it became, and what deleting it takes away.
    const watched = await again.call(
      'GET',
      `${secrets}?watch=1&resourceVersion=${resourceVersion}&timeoutSeconds=1`,
    );
    expect(watched.text).toContain('aGlnaA==');
    expect((await again.call('DELETE', `${secrets}/tides`)).status).toBe(200);
    expect(server.troubles()).toEqual([]);
  });

  it('have what controllers follow readable: tokens of ServiceAccounts are filled in', async () => {
    const harbor = await server.cluster('harbor', { encryptionConfig: encryptionConfig(await newKey()) });
    const type = 'kubernetes.io/service-account-token';
    const annotations = { 'kubernetes.io/service-account.name': 'default' };
    await server.reconcilers.idle();
    await harbor.call('POST', secrets, {
      ...secret('token'),
      metadata: { name: 'token', annotations },
      type,
    });
    await server.reconcilers.idle();
    const { data: filled } = await read(harbor, 'token');
    const token = Buffer.from(filled.token, 'base64').toString();
    const authorization = `Bearer ${token}`;
    const who = await harbor.call(
      'POST',
      '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      {
        ...{ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
      },
      { authorization },
    );
    expect(who.json.status.userInfo.username).toBe('system:serviceaccount:default:default');
    expect(await onDisk()).not.toContain(filled.token);
  });

  it('are read for as long as the API server runs when the key is disabled, and not written', async () => {
    const keyArn = await newKey();
    const harbor = await server.cluster('harbor', { encryptionConfig: encryptionConfig(keyArn) });
    await harbor.call('POST', secrets, secret('tides'));
    await server.kms.disableKey({ KeyId: keyArn });
    const { cluster } = await server.eks.describeCluster({ name: 'harbor' });
    expect(cluster).toMatchObject({
      status: 'ACTIVE',
      health: { issues: [{ code: 'KmsKeyDisabled', resourceIds: [keyArn] }] },
    });
    expect((await read(harbor, 'tides')).data).toEqual(data);
    expect((await harbor.call('POST', secrets, secret('ebb'))).json).toMatchObject({
      ...{ code: 500, reason: 'InternalError' },
      message: `Internal error occurred: failed to encrypt DEK, error: DisabledException: ${keyArn} is disabled.`,
    });
    // What isn't sealed is written as ever.
    const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'tides' } };
    expect((await harbor.call('POST', '/api/v1/namespaces/default/configmaps', configMap)).status).toBe(201);

    await restart();
    const locked = await server.found('harbor');
    const message = `Internal error occurred: unable to transform key "/registry/secrets/default/tides": failed to decrypt DEK, error: DisabledException: ${keyArn} is disabled.`;
    expect(await read(locked, 'tides')).toMatchObject({ code: 500, message });
    expect((await locked.call('GET', secrets)).json).toMatchObject({ code: 500, message });
    expect((await locked.call('GET', `${secrets}?watch=1`)).text).toContain('unable to transform key');
    expect((await locked.call('GET', '/api/v1/namespaces')).status).toBe(200);

    await server.kms.enableKey({ KeyId: keyArn });
    expect((await read(locked, 'tides')).data).toEqual(data);
    await server.kms.scheduleKeyDeletion({ KeyId: keyArn, PendingWindowInDays: 7 });
    expect((await server.eks.describeCluster({ name: 'harbor' })).cluster?.health?.issues).toMatchObject([
      { code: 'KmsKeyMarkedForDeletion' },
    ]);
    // A cluster goes with what nobody can read any more.
    await restart();
    await server.eks.deleteCluster({ name: 'harbor' });
    await server.reconcilers.idle();
    expect((await server.eks.listClusters({})).clusters).toEqual([]);
  });

  it('are not read by an API server that begins when the key is disabled, though others have read them', async () => {
    const keyArn = await newKey();
    const harbor = await server.cluster('harbor', {
      ...{ version: '1.35', encryptionConfig: encryptionConfig(keyArn) },
    });
    await harbor.call('POST', secrets, secret('tides'));
    expect((await read(harbor, 'tides')).data).toEqual(data);
    await server.kms.disableKey({ KeyId: keyArn });
    await server.eks.updateClusterVersion({ name: 'harbor', version: '1.36', force: true });
    await server.reconcilers.idle();
    const updated = await server.found('harbor');
    expect((await read(updated, 'tides')).message).toContain(
      'failed to decrypt DEK, error: DisabledException',
    );
    await server.kms.enableKey({ KeyId: keyArn });
    expect((await read(updated, 'tides')).data).toEqual(data);
  });

  it('that were there before are sealed by AssociateEncryptionConfig, which is for good', async () => {
    const harbor = await server.cluster('harbor');
    await harbor.call('POST', secrets, secret('tides'));
    const keyArn = await newKey();
    await server.kms.createAlias({ AliasName: 'alias/harbor', TargetKeyId: keyArn });
    const { update } = await server.eks.associateEncryptionConfig({
      ...{ clusterName: 'harbor', encryptionConfig: encryptionConfig('alias/harbor') },
    });
    expect(update).toMatchObject({
      ...{ type: 'AssociateEncryptionConfig', status: 'InProgress', errors: [] },
      params: [{ type: 'EncryptionConfig', value: JSON.stringify(encryptionConfig(keyArn)) }],
    });
    await server.reconcilers.idle();
    const described = await server.eks.describeUpdate({ name: 'harbor', updateId: update?.id ?? '' });
    expect(described.update?.status).toBe('Successful');
    const { id = '' } = server.state.get(clusters, clusterKey(scope, 'harbor')) ?? {};
    const prefix = `/kubernetes/${scope.accountId}/${scope.region}/secrets/${id}/`;
    const { entries } = await store.read(prefix);
    expect(entries).toHaveLength(1);
    expect(JSON.stringify(entries)).not.toContain(data.tide);
    expect(await read(harbor, 'tides')).toMatchObject({ metadata: { labels: { moored: 'yes' } }, data });
    const second = server.eks.associateEncryptionConfig({
      ...{ clusterName: 'harbor', encryptionConfig: encryptionConfig(await newKey()) },
    });
    await expect(second).rejects.toMatchObject({
      ...{ name: 'InvalidParameterException', message: 'Encryption is already enabled on the cluster' },
    });
  });

  it('are parameters of admission policies, which see what they say', async () => {
    const harbor = await server.cluster('harbor', { encryptionConfig: encryptionConfig(await newKey()) });
    await harbor.call('POST', secrets, secret('tides'));
    const group = '/apis/admissionregistration.k8s.io/v1';
    const apiVersion = 'admissionregistration.k8s.io/v1';
    const resourceRules = [
      { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] },
    ];
    await harbor.call('POST', `${group}/validatingadmissionpolicies`, {
      ...{ apiVersion, kind: 'ValidatingAdmissionPolicy', metadata: { name: 'tides' } },
      spec: {
        paramKind: { apiVersion: 'v1', kind: 'Secret' },
        matchConstraints: { resourceRules },
        validations: [{ expression: `params.data.tide == '${data.tide}' && object.data.tide == 'high'` }],
      },
    });
    await harbor.call('POST', `${group}/validatingadmissionpolicybindings`, {
      ...{ apiVersion, kind: 'ValidatingAdmissionPolicyBinding', metadata: { name: 'tides' } },
      spec: {
        ...{ policyName: 'tides', validationActions: ['Deny'] },
        paramRef: { name: 'tides', namespace: 'default', parameterNotFoundAction: 'Deny' },
      },
    });
    await server.reconcilers.idle();
    const made = async (tide: string) => {
      const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: tide }, data: { tide } };
      return (await harbor.call('POST', '/api/v1/namespaces/default/configmaps', configMap)).status;
    };
    expect([await made('high'), await made('low')]).toEqual([201, 422]);
  });
});
