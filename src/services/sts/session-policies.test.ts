import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alphanumeric, seededRandom } from '../../clock/index.ts';
import {
  accountId,
  allow,
  assume,
  type IamServer,
  makePolicy,
  makeRole,
  makeUser,
  otherAccountId,
  policy,
  roleArn,
  startIamServer,
  trust,
  userArn,
} from './testing/crew.ts';

let server: IamServer;
let sts: IamServer['sts'];
beforeEach(async () => {
  server = await startIamServer();
  ({ sts } = await makeUser(server, 'ada'));
  await makeRole(server, 'Pilot', [trust(userArn('ada'))], { may: [allow('iam:*')] });
});
afterEach(() => server[Symbol.asyncDispose]());

const pilot = roleArn('Pilot');
const request = { RoleArn: pilot, RoleSessionName: 'watch' };

describe("a session's own policies", () => {
  it('limit what the role may, the inline one and the managed ones together', async () => {
    const arn = await makePolicy(server, 'lists', [allow('iam:ListUsers')]);
    const whole = await assume(server, sts, pilot);
    await whole.iam.getUser({ UserName: 'ada' });
    const limited = await assume(server, sts, pilot, {
      Policy: policy(allow(['iam:GetUser', 'ecs:*'])),
      PolicyArns: [{ arn }],
    });
    await limited.iam.getUser({ UserName: 'ada' });
    await limited.iam.listUsers({});
    await expect(limited.iam.createUser({ UserName: 'bob' })).rejects.toThrow(
      `User: arn:aws:sts::${accountId}:assumed-role/Pilot/watch is not authorized to perform: iam:CreateUser on ` +
        `resource: ${userArn('bob')} because no session policy allows the iam:CreateUser action`,
    );
  });

  it('must be there, in the account of the role', async () => {
    for (const arn of [
      `arn:aws:iam::${accountId}:policy/ghost`,
      'arn:aws:iam::aws:policy/Ghost',
      `arn:aws:iam::${otherAccountId}:policy/lists`,
      `arn:aws:iam::${accountId}:role/lists`,
    ]) {
      await expect(sts.assumeRole({ ...request, PolicyArns: [{ arn }] })).rejects.toMatchObject({
        name: 'ValidationError',
        message: `Policy ARN ${arn} does not exist or is not attachable.`,
      });
    }
    const PolicyArns = Array.from({ length: 11 }, () => ({ arn: `arn:aws:iam::${accountId}:policy/lists` }));
    await expect(sts.assumeRole({ ...request, PolicyArns })).rejects.toThrow(
      "at 'policyArns' failed to satisfy constraint: Member must have length less than or equal to 10",
    );
  });

  it('count in the size of the token', async () => {
    const Policy = policy(allow(Array.from({ length: 40 }, (_, n) => `ecs:Operation${n}`)));
    const plain = await sts.assumeRole(request);
    const packed = await sts.assumeRole({ ...request, Policy });
    expect(packed.SessionTokenSize).toBeGreaterThan((plain.SessionTokenSize ?? 0) + 100);
    expect(packed.PackedPolicySize).toBe(Math.ceil((packed.SessionTokenSize ?? 0) / 40.96));
    expect(packed.PackedPolicySize).toBe(packed.SessionTokenUtilization);
    expect(packed.Credentials?.SessionToken).toHaveLength(packed.SessionTokenSize ?? 0);
  });

  it('and its tags are refused where the token would be too large', async () => {
    // Letters by chance hardly compress.
    const random = seededRandom('noise');
    const noise = () => alphanumeric(random, 256);
    await makeRole(server, 'Tagged', [
      trust(userArn('ada'), { Action: ['sts:AssumeRole', 'sts:TagSession'] }),
    ]);
    const Tags = Array.from({ length: 20 }, (_, n) => ({ Key: `tag${n}`, Value: noise() }));
    const tagged = { ...request, RoleArn: roleArn('Tagged'), Tags };
    await expect(sts.assumeRole(tagged)).rejects.toMatchObject({
      name: 'PackedPolicyTooLargeException',
      message: expect.stringMatching(/^Packed size of session tags consumes \d{3}% of allotted space\.$/),
    });
    await expect(sts.assumeRole({ ...tagged, Policy: policy(allow('*')) })).rejects.toThrow(
      /^Packed policy consumes \d{3}% of allotted space, please use smaller policy\.$/,
    );
  });
});
