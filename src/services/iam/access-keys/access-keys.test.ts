import type { IAM } from '@aws-sdk/client-iam';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { issueSession } from '../credentials/session-token.ts';
import { lastUses } from '../records.ts';
import { accountId, type IamServer, startIamServer } from '../testing/iam-server.ts';
import { idleRole, putRole } from '../testing/roles.ts';
import { userWith } from '../testing/users.ts';
import { wholeSecond } from '../whole-seconds.ts';

let server: IamServer;
let iam: IAM;
beforeEach(async () => {
  server = await startIamServer();
  iam = server.iam;
});
afterEach(() => server[Symbol.asyncDispose]());

const UserName = 'ada';
const keysAlone = { Effect: 'Allow', Action: 'iam:*AccessKey*', Resource: '*' };

describe('access keys', () => {
  it('are listed without their secrets: those of the user that is named, else the own', async () => {
    const key = await userWith(server, UserName, keysAlone);
    const { AccessKey: second } = await iam.createAccessKey({ UserName: 'ADA' });
    const { AccessKeyMetadata } = await iam.listAccessKeys({ UserName });
    expect(AccessKeyMetadata).toHaveLength(2);
    for (const AccessKeyId of [key.accessKeyId, second?.AccessKeyId]) {
      expect(AccessKeyMetadata).toContainEqual({
        ...{ UserName, AccessKeyId, Status: 'Active', CreateDate: expect.any(Date) },
      });
    }
    const { iam: own } = server.as(key);
    expect((await own.listAccessKeys({})).AccessKeyMetadata).toEqual(AccessKeyMetadata);
    const first = await own.listAccessKeys({ MaxItems: 1 });
    expect((await own.listAccessKeys({ Marker: first.Marker })).AccessKeyMetadata).toHaveLength(1);
  });

  it("of the root are two at most, besides the installation's own", async () => {
    await iam.createAccessKey({});
    await iam.createAccessKey({});
    await expect(iam.createAccessKey({})).rejects.toMatchObject({
      name: 'LimitExceededException',
      message: 'Cannot exceed quota for AccessKeysPerUser: 2',
    });
    await server.as(server.otherRootKey).iam.createAccessKey({});
  });

  it('are worth nothing while they are inactive, and when they are deleted', async () => {
    const key = await userWith(server, UserName, keysAlone);
    const { sts } = server.as(key);
    const AccessKeyId = key.accessKeyId;
    const refused = () =>
      expect(sts.getCallerIdentity({})).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
    await sts.getCallerIdentity({});
    await iam.updateAccessKey({ UserName, AccessKeyId, Status: 'Inactive' });
    await refused();
    expect((await iam.listAccessKeys({ UserName })).AccessKeyMetadata).toMatchObject([
      { Status: 'Inactive' },
    ]);
    await iam.updateAccessKey({ UserName, AccessKeyId, Status: 'Active' });
    await sts.getCallerIdentity({});
    await iam.deleteAccessKey({ UserName, AccessKeyId });
    await refused();
    expect((await iam.listAccessKeys({ UserName })).AccessKeyMetadata).toEqual([]);
    await userWith(server, 'bob');
    await iam.deleteUserPolicy({ UserName, PolicyName: 'own' });
    await iam.deleteUser({ UserName });
  });

  it("are missed where they are another user's, and a status is one of two", async () => {
    const { accessKeyId: AccessKeyId } = await userWith(server, UserName);
    await iam.createUser({ UserName: 'bob' });
    for (const missed of [
      iam.deleteAccessKey({ UserName: 'bob', AccessKeyId }),
      iam.updateAccessKey({ AccessKeyId, Status: 'Inactive' }),
      server.as(server.otherRootKey).iam.getAccessKeyLastUsed({ AccessKeyId }),
    ]) {
      await expect(missed).rejects.toMatchObject({
        name: 'NoSuchEntityException',
        message: `The Access Key with id ${AccessKeyId} cannot be found.`,
      });
    }
    await expect(
      iam.updateAccessKey({ UserName, AccessKeyId, Status: 'Off' as 'Active' }),
    ).rejects.toMatchObject({
      name: 'ValidationError',
      message: expect.stringContaining('Member must satisfy enum value set: [Active, Inactive]'),
    });
  });

  it('of one user may be all that another may look after', async () => {
    const Resource = `arn:aws:iam::${accountId}:user/bob`;
    const { iam: own } = server.as(await userWith(server, UserName, { ...keysAlone, Resource }));
    const { accessKeyId: AccessKeyId } = await userWith(server, 'bob');
    await own.getAccessKeyLastUsed({ AccessKeyId });
    await own.updateAccessKey({ UserName: 'bob', AccessKeyId, Status: 'Inactive' });
    await expect(own.listAccessKeys({})).rejects.toThrow(
      `iam:ListAccessKeys on resource: arn:aws:iam::${accountId}:user/ada`,
    );
  });
});

describe('the last use', () => {
  /** Waits until nothing of what was noted is under way. */
  async function lastUseOf(AccessKeyId: string, isKnown: boolean) {
    const read = async () => (await iam.getAccessKeyLastUsed({ AccessKeyId })).AccessKeyLastUsed;
    await expect.poll(async () => (await read())?.LastUsedDate !== undefined).toBe(isKnown);
    return read();
  }

  it('of a key is when, for which service and in which region, once in five minutes', async () => {
    const key = await userWith(server, UserName, keysAlone);
    expect(await lastUseOf(key.accessKeyId, false)).toEqual({ ServiceName: 'N/A', Region: 'N/A' });
    let writes = 0;
    using _ = server.state.subscribe(lastUses, () => {
      writes++;
    });
    const { sts, iam: own } = server.as(key);
    const usedAt = server.clock.now();
    await sts.getCallerIdentity({});
    const first = { ServiceName: 'sts', Region: 'eu-west-1', LastUsedDate: new Date(wholeSecond(usedAt)) };
    expect(await lastUseOf(key.accessKeyId, true)).toEqual(first);
    const found = server.room.findCredentials(key.accessKeyId, undefined, usedAt);
    const { principal } = found === undefined || found === 'expired' ? expect.fail('no such key') : found;
    const useAt = (after: number) => server.room.noteUse(principal, 'ecs', 'us-east-1', usedAt + after);
    const read = async () =>
      (await iam.getAccessKeyLastUsed({ AccessKeyId: key.accessKeyId })).AccessKeyLastUsed;
    useAt(299_000 - (usedAt % 1000));
    await own.listAccessKeys({});
    expect(await read()).toEqual(first);
    for (let at = 300_000; at < 300_100; at++) useAt(at);
    await expect.poll(read).toEqual({
      ServiceName: 'ecs',
      Region: 'us-east-1',
      LastUsedDate: new Date(wholeSecond(usedAt + 300_000)),
    });
    expect(writes).toBe(2);
  });

  it('of a key goes with it, and a request that proves nothing is none', async () => {
    const key = await userWith(server, UserName);
    const { sts } = server.as({ ...key, secretAccessKey: 'another' });
    await expect(sts.getCallerIdentity({})).rejects.toThrow('The request signature we calculated');
    expect(await lastUseOf(key.accessKeyId, false)).toMatchObject({ Region: 'N/A' });
    await server.as(key).sts.getCallerIdentity({});
    await lastUseOf(key.accessKeyId, true);
    await iam.deleteAccessKey({ UserName, AccessKeyId: key.accessKeyId });
    expect([...server.state.list(lastUses)]).toEqual([]);
  });

  it('of a role is that of its sessions', async () => {
    await putRole(server);
    const read = async () => (await iam.getRole({ RoleName: 'it' })).Role?.RoleLastUsed;
    expect(await read()).toEqual({});
    const issuedAt = server.clock.now();
    for (const name of ['one', 'two']) {
      const session = { issuedAt, expiresAt: issuedAt + 900_000, name };
      const key = issueSession(server.context, {
        accountId,
        identity: { kind: 'role', roleId: idleRole.id },
        session,
      });
      await server.as(key).sts.getCallerIdentity({});
    }
    await expect.poll(read).toEqual({ LastUsedDate: expect.any(Date), Region: 'eu-west-1' });
    expect([...server.state.list(lastUses)]).toHaveLength(1);
    await iam.deleteRole({ RoleName: 'it' });
    expect([...server.state.list(lastUses)]).toEqual([]);
  });
});
