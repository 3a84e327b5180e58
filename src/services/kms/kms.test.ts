import { KMS, type KMSServiceException } from '@aws-sdk/client-kms';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { whyNotPermitted, whyNotResourcePolicy } from '../iam/index.ts';
import {
  accountId,
  type IamServer,
  type Key,
  otherAccountId,
  startIamServer,
} from '../iam/testing/iam-server.ts';
import { createKms, type KmsContext, loadKmsReconcilers } from './index.ts';
import { aliases, keys } from './records.ts';

const region = 'eu-west-1';
const dayMs = 24 * 60 * 60 * 1_000;
let server: IamServer;
let context: KmsContext;
let kms: KMS;
const clients: KMS[] = [];

const as = (credentials: Key): KMS => {
  const client = new KMS({ endpoint: server.endpoint, region, credentials, maxAttempts: 1 });
  clients.push(client);
  return client;
};

beforeEach(async () => {
  server = await startIamServer({
    services: (_room, iam) => {
      context = {
        ...iam,
        whyNotPermitted: (asked) => whyNotPermitted(iam.state, asked),
        whyNotPolicy: whyNotResourcePolicy,
      };
      return [createKms(context)];
    },
  });
  kms = as(server.rootKey);
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await server[Symbol.asyncDispose]();
});

/** A user of the account with a policy of its own. */
async function user(UserName: string, ...Statement: readonly object[]): Promise<KMS> {
  await server.iam.createUser({ UserName });
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  if (Statement.length > 0) await server.iam.putUserPolicy({ UserName, PolicyName: 'p', PolicyDocument });
  const { AccessKey } = await server.iam.createAccessKey({ UserName });
  return as({
    accessKeyId: AccessKey?.AccessKeyId ?? '',
    secretAccessKey: AccessKey?.SecretAccessKey ?? '',
  });
}

const newKey = async (more: object = {}): Promise<string> =>
  (await kms.createKey(more)).KeyMetadata?.Arn ?? '';
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (of: Uint8Array | undefined): string => Buffer.from(of ?? []).toString();
const refused = async (asked: Promise<unknown>): Promise<readonly [string, string]> => {
  const error = (await asked.then(
    () => new Error('It was not refused'),
    (reason: unknown) => reason,
  )) as KMSServiceException;
  return [error.name, error.message];
};

describe('keys', () => {
  it('encrypt, and decrypt what says itself which key it is of', async () => {
    const KeyId = await newKey({ Description: 'of the harbor' });
    const EncryptionContext = { pier: 'nine', crane: '2' };
    const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: bytes('cargo'), EncryptionContext });
    expect(text(CiphertextBlob)).not.toContain('cargo');
    const read = await kms.decrypt({ CiphertextBlob, EncryptionContext: { crane: '2', pier: 'nine' } });
    expect([text(read.Plaintext), read.KeyId]).toEqual(['cargo', KeyId]);
    expect(await refused(kms.decrypt({ CiphertextBlob }))).toEqual([
      'InvalidCiphertextException',
      expect.anything(),
    ]);
    const bent = Buffer.from(CiphertextBlob ?? []);
    bent[bent.length - 1] = (bent.at(-1) ?? 0) ^ 1;
    for (const blob of [bent, bent.subarray(0, 20), bytes('none at all')])
      expect((await refused(kms.decrypt({ CiphertextBlob: blob, EncryptionContext })))[0]).toBe(
        'InvalidCiphertextException',
      );
    const other = await newKey();
    expect((await refused(kms.decrypt({ CiphertextBlob, EncryptionContext, KeyId: other })))[0]).toBe(
      'IncorrectKeyException',
    );
    const moved = await kms.reEncrypt({
      ...{ CiphertextBlob, SourceEncryptionContext: EncryptionContext, DestinationKeyId: other },
    });
    expect(text((await kms.decrypt({ CiphertextBlob: moved.CiphertextBlob })).Plaintext)).toBe('cargo');
  });

  it('make keys for data', async () => {
    const KeyId = await newKey();
    const { CiphertextBlob, Plaintext } = await kms.generateDataKey({ KeyId, KeySpec: 'AES_256' });
    expect(Plaintext).toHaveLength(32);
    expect((await kms.decrypt({ CiphertextBlob })).Plaintext).toEqual(Plaintext);
    const sealed = await kms.generateDataKeyWithoutPlaintext({ KeyId, NumberOfBytes: 7 });
    expect(sealed).not.toHaveProperty('Plaintext');
    expect((await kms.decrypt({ CiphertextBlob: sealed.CiphertextBlob })).Plaintext).toHaveLength(7);
    expect(await refused(kms.generateDataKey({ KeyId }))).toEqual([
      'ValidationException',
      'Please specify either number of bytes or key spec.',
    ]);
  });

  it('are kept sealed', async () => {
    await newKey();
    const [record] = [...context.state.list(keys)];
    expect(Buffer.from(record?.value.sealedMaterial ?? '', 'base64url').length).toBeGreaterThan(32);
    expect(Object.keys(record?.value ?? {}).toSorted()).toEqual([
      ...['arn', 'createdAt', 'description', 'id', 'policy', 'sealedMaterial', 'state', 'tags'],
    ]);
  });

  it('that are disabled or about to be deleted do nothing, until they are enabled again', async () => {
    const KeyId = await newKey();
    const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: bytes('cargo') });
    await kms.disableKey({ KeyId });
    expect((await kms.describeKey({ KeyId })).KeyMetadata).toMatchObject({
      KeyState: 'Disabled',
      Enabled: false,
    });
    expect(await refused(kms.decrypt({ CiphertextBlob }))).toEqual([
      'DisabledException',
      `${KeyId} is disabled.`,
    ]);
    await kms.enableKey({ KeyId });
    expect(text((await kms.decrypt({ CiphertextBlob })).Plaintext)).toBe('cargo');
    await kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 });
    const pending = ['KMSInvalidStateException', `${KeyId} is pending deletion.`];
    expect(await refused(kms.decrypt({ CiphertextBlob }))).toEqual(pending);
    expect(await refused(kms.enableKey({ KeyId }))).toEqual(pending);
    await kms.cancelKeyDeletion({ KeyId });
    expect((await kms.describeKey({ KeyId })).KeyMetadata?.KeyState).toBe('Disabled');
  });

  it('are gone with their aliases when their days are over', async () => {
    const [deletion] = await loadKmsReconcilers(context);
    const KeyId = await newKey();
    await kms.createAlias({ AliasName: 'alias/pier', TargetKeyId: KeyId });
    await kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 });
    const [record] = [...context.state.list(keys)];
    await deletion?.reconcile(record?.key ?? '', new AbortController().signal);
    expect([...context.state.list(keys)]).toHaveLength(1);
    await server.clock.advance(7 * dayMs);
    await deletion?.reconcile(record?.key ?? '', new AbortController().signal);
    expect([[...context.state.list(keys)], [...context.state.list(aliases)]]).toEqual([[], []]);
  });
});

it('aliases name keys', async () => {
  const [one, other] = [await newKey(), await newKey()];
  await kms.createAlias({ AliasName: 'alias/pier', TargetKeyId: one });
  expect((await kms.describeKey({ KeyId: 'alias/pier' })).KeyMetadata?.Arn).toBe(one);
  expect((await refused(kms.createAlias({ AliasName: 'alias/pier', TargetKeyId: other })))[0]).toBe(
    'AlreadyExistsException',
  );
  await kms.updateAlias({ AliasName: 'alias/pier', TargetKeyId: other });
  const { Aliases = [] } = await kms.listAliases({ KeyId: other });
  expect(Aliases.map(({ AliasName, AliasArn }) => [AliasName, AliasArn])).toEqual([
    ['alias/pier', `arn:aws:kms:${region}:${accountId}:alias/pier`],
  ]);
  await kms.deleteAlias({ AliasName: 'alias/pier' });
  expect(await refused(kms.describeKey({ KeyId: 'alias/pier' }))).toEqual([
    'NotFoundException',
    `Alias arn:aws:kms:${region}:${accountId}:alias/pier is not found.`,
  ]);
  for (const AliasName of ['pier', 'alias/aws/eks', 'alias/a b'])
    expect((await refused(kms.createAlias({ AliasName, TargetKeyId: one })))[0]).toBe(
      'InvalidAliasNameException',
    );
});

it('keys are listed in pages, and have tags', async () => {
  const Tags = [{ TagKey: 'team', TagValue: 'blue' }];
  const [one] = [await newKey({ Tags }), await newKey(), await newKey()];
  const first = await kms.listKeys({ Limit: 2 });
  expect([first.Keys?.length, first.Truncated]).toEqual([2, true]);
  const rest = await kms.listKeys({ Limit: 2, Marker: first.NextMarker });
  expect([rest.Keys?.length, rest.Truncated]).toEqual([1, false]);
  await kms.tagResource({ KeyId: one, Tags: [{ TagKey: 'pier', TagValue: '9' }] });
  await kms.untagResource({ KeyId: one, TagKeys: ['team'] });
  expect((await kms.listResourceTags({ KeyId: one })).Tags).toEqual([{ TagKey: 'pier', TagValue: '9' }]);
});

describe('who may use a key', () => {
  const Plaintext = bytes('cargo');
  const allow = (Action: string, Resource = '*', more: object = {}) => ({
    Effect: 'Allow',
    Action,
    Resource,
    ...more,
  });

  it('is decided by IAM, where the key’s policy leaves it to the account', async () => {
    const KeyId = await newKey();
    const ada = await user('ada', allow('kms:Encrypt', KeyId));
    const { CiphertextBlob } = await ada.encrypt({ KeyId, Plaintext });
    expect(await refused(ada.decrypt({ CiphertextBlob }))).toEqual([
      'AccessDeniedException',
      `User: arn:aws:iam::${accountId}:user/ada is not authorized to perform: kms:Decrypt on resource: ${KeyId} because no identity-based policy allows the kms:Decrypt action`,
    ]);
  });

  it('is decided by the key’s policy alone, where it does not name the account', async () => {
    const ada = await user('ada');
    const grace = await user('grace', allow('kms:*'));
    const named = (name: string, Action: string) => ({
      ...allow(Action),
      Principal: { AWS: `arn:aws:iam::${accountId}:user/${name}` },
    });
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [named('ada', 'kms:*')] });
    expect((await refused(kms.createKey({ Policy })))[0]).toBe('MalformedPolicyDocumentException');
    const KeyId = await newKey({ Policy, BypassPolicyLockoutSafetyCheck: true });
    expect(text((await ada.decrypt(await ada.encrypt({ KeyId, Plaintext }))).Plaintext)).toBe('cargo');
    expect((await refused(grace.encrypt({ KeyId, Plaintext })))[1]).toContain(
      'because no resource-based policy allows the kms:Encrypt action',
    );
    // Nor the root user of the account.
    expect((await refused(kms.encrypt({ KeyId, Plaintext })))[0]).toBe('AccessDeniedException');
    await ada.putKeyPolicy({
      ...{ KeyId, PolicyName: 'default', BypassPolicyLockoutSafetyCheck: true },
      Policy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [named('ada', 'kms:PutKeyPolicy'), named('grace', 'kms:GetKeyPolicy')],
      }),
    });
    expect((await refused(ada.encrypt({ KeyId, Plaintext })))[0]).toBe('AccessDeniedException');
    expect((await grace.getKeyPolicy({ KeyId })).Policy).toContain('user/grace');
  });

  it('may depend on the encryption context, on tags and on the alias', async () => {
    const KeyId = await newKey({ Tags: [{ TagKey: 'team', TagValue: 'blue' }] });
    await kms.createAlias({ AliasName: 'alias/pier', TargetKeyId: KeyId });
    const when = (key: string, value: string) => ({ Condition: { StringEquals: { [key]: value } } });
    const ada = await user(
      'ada',
      allow('kms:Encrypt', '*', when('kms:EncryptionContext:pier', 'nine')),
      allow('kms:GenerateDataKey', '*', when('kms:RequestAlias', 'alias/pier')),
      allow('kms:DescribeKey', '*', when('aws:ResourceTag/team', 'blue')),
    );
    await ada.encrypt({ KeyId, Plaintext, EncryptionContext: { pier: 'nine' } });
    expect((await refused(ada.encrypt({ KeyId, Plaintext })))[0]).toBe('AccessDeniedException');
    await ada.generateDataKey({ KeyId: 'alias/pier', KeySpec: 'AES_256' });
    expect((await refused(ada.generateDataKey({ KeyId, KeySpec: 'AES_256' })))[0]).toBe(
      'AccessDeniedException',
    );
    await ada.describeKey({ KeyId });
    expect((await refused(ada.createKey({})))[0]).toBe('AccessDeniedException');
  });

  it('of another account is whom both the key’s policy and his own allow', async () => {
    const KeyId = await newKey();
    const other = as(server.otherRootKey);
    expect((await refused(other.encrypt({ KeyId, Plaintext })))[0]).toBe('AccessDeniedException');
    const { Policy = '' } = await kms.getKeyPolicy({ KeyId });
    const { Statement, ...policy } = JSON.parse(Policy);
    const shared = { ...allow('kms:Encrypt'), Principal: { AWS: `arn:aws:iam::${otherAccountId}:root` } };
    await kms.putKeyPolicy({
      KeyId,
      Policy: JSON.stringify({ ...policy, Statement: [...Statement, shared] }),
    });
    expect((await other.encrypt({ KeyId, Plaintext })).KeyId).toBe(KeyId);
  });
});

it('what isn’t built is refused by name', async () => {
  const KeyId = await newKey();
  const unsupported = 'UnsupportedOperationException';
  expect(await refused(kms.createKey({ KeySpec: 'RSA_2048' }))).toEqual([
    unsupported,
    'Keys of the spec RSA_2048 are not supported by this version of Catamaran yet.',
  ]);
  expect((await refused(kms.createKey({ MultiRegion: true })))[0]).toBe(unsupported);
  expect((await refused(kms.encrypt({ KeyId, Plaintext: bytes('a'), DryRun: true })))[0]).toBe(unsupported);
  expect((await refused(kms.enableKeyRotation({ KeyId })))[1]).toContain(
    'EnableKeyRotation is not supported',
  );
  expect((await refused(kms.describeKey({ KeyId: 'pier nine' })))[0]).toBe('NotFoundException');
});
