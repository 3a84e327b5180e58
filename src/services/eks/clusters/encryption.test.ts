import { KMS } from '@aws-sdk/client-kms';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accountId, type Key } from '../../iam/testing/iam-server.ts';
import { type EksApi, role, scope, startEksApi } from '../testing/eks-api.ts';

let api: EksApi;
let kms: KMS;
let keyArn: string;
beforeEach(async () => {
  api = await startEksApi();
  const { endpoint, rootKey: credentials } = api.server;
  kms = new KMS({ endpoint, region: scope.region, credentials, maxAttempts: 1 });
  keyArn = (await kms.createKey({})).KeyMetadata?.Arn ?? '';
});
afterEach(async () => {
  kms.destroy();
  await api[Symbol.asyncDispose]();
});

const config = (arn: string | undefined, resources: string[] | undefined = ['secrets']) => ({
  encryptionConfig: [{ resources, ...(arn !== undefined && { provider: { keyArn: arn } }) }],
});
const wanted = (name: string, more: object) => ({
  ...{ name, roleArn: role('eks'), resourcesVpcConfig: { subnetIds: api.subnetIds } },
  ...more,
});

/** A user who may do all that EKS asks for but with keys, and those actions on keys. */
async function userWith(UserName: string, ...actions: string[]): Promise<Key> {
  const { iam } = api.server;
  await iam.createUser({ UserName });
  const Statement = [
    {
      Effect: 'Allow',
      Action: ['eks:*', 'iam:PassRole', 'ec2:*', 'iam:CreateServiceLinkedRole'],
      Resource: '*',
    },
    ...actions.map((Action) => ({
      ...{ Effect: 'Allow', Action, Resource: keyArn },
      Condition: { StringEquals: { 'kms:ViaService': 'eks.eu-west-1.amazonaws.com' } },
    })),
  ];
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await iam.putUserPolicy({ UserName, PolicyName: 'p', PolicyDocument });
  const { AccessKey } = await iam.createAccessKey({ UserName });
  return {
    accessKeyId: AccessKey?.AccessKeyId ?? '',
    secretAccessKey: AccessKey?.SecretAccessKey ?? '',
  };
}

describe('a key that Secrets are to be sealed with', () => {
  it('is named by its ARN or an alias, and told by its ARN', async () => {
    await kms.createAlias({ AliasName: 'alias/harbor', TargetKeyId: keyArn });
    const names = [keyArn, 'alias/harbor', `arn:aws:kms:eu-west-1:${accountId}:alias/harbor`];
    for (const [index, name] of names.entries()) {
      const { cluster } = await api.eks.createCluster(wanted(`harbor-${index}`, config(name)));
      expect(cluster?.encryptionConfig).toEqual(config(keyArn).encryptionConfig);
    }
    const { cluster } = await api.eks.createCluster(wanted('lagoon', { encryptionConfig: [] }));
    expect(cluster?.encryptionConfig).toBeUndefined();
  });

  it.each<readonly [what: string, more: () => object, message: RegExp]>([
    ['no key', () => config(undefined), /^KeyArn is required$/],
    [
      'other resources',
      () => config(keyArn, ['configmaps']),
      /^The resources of the encryptionConfig are invalid: \[configmaps\]/,
    ],
    ['no resources', () => config(keyArn, []), /^The resources of the encryptionConfig are invalid: \[\]/],
    [
      'two keys',
      () => ({ encryptionConfig: [...config(keyArn).encryptionConfig, ...config(keyArn).encryptionConfig] }),
      /encryptionConfig/,
    ],
    ['the id alone', () => config(keyArn.split('/')[1]), /^The keyArn is invalid/],
    [
      'a key of another region',
      () => config(keyArn.replace('eu-west-1', 'eu-west-2')),
      /^The KMS key must be in the region of the cluster, eu-west-1/,
    ],
    [
      'a key that is not there',
      () => config(`${keyArn.slice(0, -12)}000000000000`),
      /^The KMS key does not exist/,
    ],
    [
      'an alias that is not there',
      () => config('alias/nowhere'),
      /^The KMS key does not exist: alias\/nowhere$/,
    ],
  ])('is refused: %s', async (_what, more, message) => {
    const refusal = { name: 'InvalidParameterException', message: expect.stringMatching(message) };
    await expect(api.eks.createCluster(wanted('harbor', more()))).rejects.toMatchObject(refusal);
    await api.cluster('harbor');
    const associated = api.eks.associateEncryptionConfig({
      clusterName: 'harbor',
      ...(more() as ReturnType<typeof config>),
    });
    await expect(associated).rejects.toMatchObject(refusal);
    expect((await api.eks.listUpdates({ name: 'harbor' })).updateIds).toEqual([]);
  });

  it('has to be usable', async () => {
    await kms.disableKey({ KeyId: keyArn });
    await expect(api.eks.createCluster(wanted('harbor', config(keyArn)))).rejects.toMatchObject({
      ...{ name: 'InvalidParameterException' },
      message: `The KMS key cannot be used. DisabledException: ${keyArn} is disabled.`,
    });
  });

  it('is one that the caller may look at, and let others use', async () => {
    const attempts: readonly (readonly [string, readonly string[], string | undefined])[] = [
      ['nobody', [], 'kms:DescribeKey'],
      ['looks', ['kms:DescribeKey'], 'kms:CreateGrant'],
      ['grants', ['kms:DescribeKey', 'kms:CreateGrant'], undefined],
    ];
    for (const [name, actions, denied] of attempts) {
      const eks = api.as(await userWith(name, ...actions));
      const made = eks.createCluster(wanted(name, config(keyArn)));
      if (denied === undefined) await expect(made).resolves.toMatchObject({ cluster: { name } });
      else
        await expect(made).rejects.toMatchObject({
          ...{
            name: 'InvalidRequestException',
            message: `User not authorized to perform ${denied} operation`,
          },
        });
    }
  });
});

it('AssociateEncryptionConfig is one update at a time, and the same request is the same update', async () => {
  await api.cluster('harbor');
  const asked = { clusterName: 'harbor', clientRequestToken: 'once', ...config(keyArn) };
  const { update } = await api.eks.associateEncryptionConfig(asked);
  expect((await api.eks.associateEncryptionConfig(asked)).update?.id).toBe(update?.id);
  expect((await api.eks.describeCluster({ name: 'harbor' })).cluster?.status).toBe('UPDATING');
  await api.finish('harbor');
  await expect(
    api.eks.associateEncryptionConfig({ ...asked, clientRequestToken: 'twice' }),
  ).rejects.toMatchObject({ message: 'Encryption is already enabled on the cluster' });
  await expect(api.eks.associateEncryptionConfig({ ...asked, clusterName: 'lagoon' })).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
});
