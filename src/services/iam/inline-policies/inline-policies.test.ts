import type { IAM } from '@aws-sdk/client-iam';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accountId, type IamServer, startIamServer } from '../testing/iam-server.ts';
import { putRole } from '../testing/roles.ts';
import { policyOf, userWith } from '../testing/users.ts';

let server: IamServer;
let iam: IAM;
beforeEach(async () => {
  server = await startIamServer();
  iam = server.iam;
  await iam.createUser({ UserName: 'it' });
  await iam.createGroup({ GroupName: 'it' });
  await putRole(server);
});
afterEach(() => server[Symbol.asyncDispose]());

const PolicyDocument = policyOf({ Effect: 'Allow', Action: 'ecs:*', Resource: "arn:aws:ecs:*:*:*/a'(b)" });

/** The three holders' operations under one name. */
const holders = {
  user: {
    put: (input: Given) => iam.putUserPolicy({ UserName: 'it', ...input }),
    get: (PolicyName: string) => iam.getUserPolicy({ UserName: 'it', PolicyName }),
    delete: (PolicyName: string) => iam.deleteUserPolicy({ UserName: 'it', PolicyName }),
    list: (input: object) => iam.listUserPolicies({ UserName: 'it', ...input }),
    named: { UserName: 'it' },
    maxBytes: 2048,
  },
  group: {
    put: (input: Given) => iam.putGroupPolicy({ GroupName: 'it', ...input }),
    get: (PolicyName: string) => iam.getGroupPolicy({ GroupName: 'it', PolicyName }),
    delete: (PolicyName: string) => iam.deleteGroupPolicy({ GroupName: 'it', PolicyName }),
    list: (input: object) => iam.listGroupPolicies({ GroupName: 'it', ...input }),
    named: { GroupName: 'it' },
    maxBytes: 5120,
  },
  role: {
    put: (input: Given) => iam.putRolePolicy({ RoleName: 'it', ...input }),
    get: (PolicyName: string) => iam.getRolePolicy({ RoleName: 'it', PolicyName }),
    delete: (PolicyName: string) => iam.deleteRolePolicy({ RoleName: 'it', PolicyName }),
    list: (input: object) => iam.listRolePolicies({ RoleName: 'it', ...input }),
    named: { RoleName: 'it' },
    maxBytes: 10_240,
  },
} as const;
interface Given {
  readonly PolicyName: string;
  readonly PolicyDocument: string;
}

describe.each(Object.entries(holders))("a %s's inline policy", (type, holder) => {
  it('is put, shown percent-encoded, listed in pages and deleted', async () => {
    for (const PolicyName of ['one', 'constructor', 'Two', 'two'])
      await holder.put({ PolicyName, PolicyDocument });
    const { $metadata: _, ...shown } = await holder.get('one');
    expect(shown).toEqual({ ...holder.named, PolicyName: 'one', PolicyDocument: expect.any(String) });
    expect(shown.PolicyDocument).not.toMatch(/[^\w.~%-]/);
    expect(decodeURIComponent(shown.PolicyDocument ?? '')).toBe(PolicyDocument);
    const first = await holder.list({ MaxItems: 3 });
    expect(first).toMatchObject({ PolicyNames: ['constructor', 'one', 'Two'], IsTruncated: true });
    expect(await holder.list({ Marker: first.Marker })).toMatchObject({ PolicyNames: ['two'] });
    await holder.delete('constructor');
    for (const gone of [holder.get('constructor'), holder.delete('constructor'), holder.get('toString')]) {
      await expect(gone).rejects.toMatchObject({
        name: 'NoSuchEntityException',
        message: expect.stringMatching(
          `^The ${type} policy with name (constructor|toString) cannot be found.$`,
        ),
      });
    }
  });

  it('counts with the others of the same holder, white space left out', async () => {
    const sized = (bytes: number) => {
      const empty = policyOf({ Sid: '', Effect: 'Allow', Action: 'a:b', Resource: '*' });
      const Sid = 'x'.repeat(bytes - empty.length);
      return policyOf({ Sid, Effect: 'Allow', Action: 'a:b', Resource: '*' }).replaceAll(',', ', \n');
    };
    await holder.put({ PolicyName: 'half', PolicyDocument: sized(holder.maxBytes / 2) });
    await expect(
      holder.put({ PolicyName: 'other', PolicyDocument: sized(holder.maxBytes / 2 + 1) }),
    ).rejects.toMatchObject({
      name: 'LimitExceededException',
      message: `Maximum policy size of ${holder.maxBytes} bytes exceeded for ${type} it`,
    });
    await holder.put({ PolicyName: 'other', PolicyDocument: sized(holder.maxBytes / 2) });
    await holder.put({ PolicyName: 'half', PolicyDocument: sized(holder.maxBytes / 2) });
  });

  it('is a policy, with a name', async () => {
    await expect(holder.put({ PolicyName: 'p', PolicyDocument: '{}' })).rejects.toMatchObject({
      name: 'MalformedPolicyDocumentException',
      message: 'Syntax errors in policy.',
    });
    await expect(holder.put({ PolicyName: 'a b', PolicyDocument })).rejects.toMatchObject({
      name: 'ValidationError',
      message:
        'The specified value for policyName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-',
    });
  });
});

it("a service-linked role's policies are its service's alone", async () => {
  await putRole(server, { linkedService: 'ecs.amazonaws.com', inlinePolicies: { p: PolicyDocument } });
  for (const refused of [
    iam.putRolePolicy({ RoleName: 'it', PolicyName: 'p', PolicyDocument }),
    iam.deleteRolePolicy({ RoleName: 'it', PolicyName: 'p' }),
  ]) {
    await expect(refused).rejects.toMatchObject({
      name: 'UnmodifiableEntityException',
      message:
        "Cannot perform the operation on the protected role 'it' - this role is only modifiable by AWS",
    });
  }
  await iam.getRolePolicy({ RoleName: 'it', PolicyName: 'p' });
});

it('who may put policies may be held to holders with a boundary and to some paths', async () => {
  const { iam: own } = server.as(
    await userWith(server, 'ada', {
      ...{ Effect: 'Allow', Action: 'iam:PutUserPolicy' },
      Resource: `arn:aws:iam::${accountId}:user/crew/*`,
      Condition: { StringLike: { 'iam:PermissionsBoundary': '*' } },
    }),
  );
  await iam.createUser({ UserName: 'bob', Path: '/crew/' });
  const put = () => own.putUserPolicy({ UserName: 'bob', PolicyName: 'p', PolicyDocument });
  await expect(put()).rejects.toThrow(
    `iam:PutUserPolicy on resource: arn:aws:iam::${accountId}:user/crew/bob`,
  );
  await expect(own.putUserPolicy({ UserName: 'it', PolicyName: 'p', PolicyDocument })).rejects.toThrow(
    'user/it',
  );
});
