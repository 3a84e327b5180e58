import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  accountId,
  allow,
  type IamServer,
  makeUser,
  otherAccountId,
  startIamServer,
  userArn,
} from './testing/crew.ts';

let server: IamServer;
beforeEach(async () => {
  server = await startIamServer();
});
afterEach(() => server[Symbol.asyncDispose]());

describe('GetCallerIdentity', () => {
  it('answers whoever signs, even who is denied everything', async () => {
    const { sts } = await makeUser(server, 'ada', [{ ...allow('*'), Effect: 'Deny' }]);
    await expect(sts.getCallerIdentity({})).resolves.toMatchObject({ Arn: userArn('ada') });
  });
});

describe('GetAccessKeyInfo', () => {
  it('tells the account of a key, which stands in its id', async () => {
    await makeUser(server, 'ada', [], otherAccountId);
    const { Credentials } = await server.as(server.otherRootKey).sts.getSessionToken({});
    const AccessKeyId = Credentials?.AccessKeyId ?? '';
    await expect(server.sts.getAccessKeyInfo({ AccessKeyId })).resolves.toMatchObject({
      Account: otherAccountId,
    });
    await expect(
      server.sts.getAccessKeyInfo({ AccessKeyId: server.otherRootKey.accessKeyId }),
    ).resolves.toMatchObject({ Account: otherAccountId });
    await expect(server.sts.getAccessKeyInfo({ AccessKeyId: 'NOTAKEYATALLATALL' })).rejects.toMatchObject({
      name: 'ValidationError',
    });
    const { sts } = await makeUser(server, 'bob');
    await expect(sts.getAccessKeyInfo({ AccessKeyId })).rejects.toThrow(
      'sts:GetAccessKeyInfo on resource: *',
    );
  });
});

describe('DecodeAuthorizationMessage', () => {
  it('tells those who may what decided, from what a service has handed out', async () => {
    const { sts } = await makeUser(server, 'ada', [allow('sts:DecodeAuthorizationMessage')]);
    const principal = {
      ...{ accountId, arn: userArn('bob'), userId: 'AIDABOB', accessKeyId: 'AKIABOB' },
      identity: { kind: 'user', userName: 'bob' } as const,
    };
    await makeUser(server, 'bob', [
      {
        Sid: 'NoBoats',
        Effect: 'Deny',
        Action: 'ec2:Run*',
        Resource: '*',
        Condition: { StringEquals: { 'ec2:Tenancy': 'default' } },
      },
    ]);
    const action = 'ec2:RunInstances';
    const facts = { sourceIp: '127.0.0.1', userAgent: '', region: 'eu-west-1', isSecure: false, now: 0 };
    const decision = server.room.authorize({
      ...{ principal, action, resources: ['*'], facts },
      conditions: () => ({ 'ec2:Tenancy': 'default', 'aws:TagKeys': ['a', 'b'], 'ec2:Region': undefined }),
    });
    if (decision.isAllowed || decision.denial === undefined) throw new Error('It was allowed');
    const EncodedMessage = server.room.encodeAuthorizationMessage(decision.denial);
    expect(EncodedMessage).not.toContain('NoBoats');
    await expect(
      server.as(server.otherRootKey).sts.decodeAuthorizationMessage({ EncodedMessage }),
    ).rejects.toMatchObject({ name: 'InvalidAuthorizationMessageException' });
    const { DecodedMessage = '' } = await sts.decodeAuthorizationMessage({ EncodedMessage });
    const values = (...all: string[]) => ({ items: all.map((value) => ({ value })) });
    expect(JSON.parse(DecodedMessage)).toEqual({
      ...{ allowed: false, explicitDeny: true, failures: { items: [] } },
      matchedStatements: {
        items: [
          {
            ...{
              statementId: 'NoBoats',
              effect: 'DENY',
              principals: values(),
              principalGroups: { items: [] },
            },
            ...{ actions: values('ec2:Run*'), resources: values('*') },
            conditions: { items: [{ key: 'ec2:Tenancy', values: values('default') }] },
          },
        ],
      },
      context: {
        principal: { id: 'AIDABOB', name: 'bob', arn: userArn('bob') },
        ...{ action, resource: '*' },
        conditions: {
          items: [
            { key: 'ec2:Tenancy', values: values('default') },
            { key: 'aws:TagKeys', values: values('a', 'b') },
          ],
        },
      },
    });
    await expect(
      sts.decodeAuthorizationMessage({ EncodedMessage: `${EncodedMessage}A` }),
    ).rejects.toMatchObject({ name: 'InvalidAuthorizationMessageException' });
  });
});

it('STS refuses AssumeRoot by name', async () => {
  await expect(
    server.sts.assumeRoot({
      ...{ TargetPrincipal: accountId, TaskPolicyArn: { arn: 'arn:aws:iam::aws:policy/root-task/X' } },
    }),
  ).rejects.toThrow('AssumeRoot is not supported by this version of Catamaran yet');
});
