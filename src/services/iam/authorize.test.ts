import { describe, expect, it } from 'vitest';
import { authorize } from './authorize.ts';

const accountId = '111122223333';

describe('authorize', () => {
  it('allows the root user of the account everything', () => {
    const principal = { accountId, arn: `arn:aws:iam::${accountId}:root`, accessKeyId: 'AKIAEXAMPLE' };
    expect(authorize({ principal, action: 'ecs:RunTask', resources: ['*'] })).toEqual({ isAllowed: true });
  });

  it('denies a user without policies in the words of IAM', () => {
    const principal = { accountId, arn: `arn:aws:iam::${accountId}:user/ada`, accessKeyId: 'AKIAEXAMPLE' };
    const cluster = `arn:aws:ecs:us-east-1:${accountId}:cluster/blue`;
    expect(authorize({ principal, action: 'ecs:DescribeClusters', resources: [cluster] })).toEqual({
      isAllowed: false,
      message:
        `User: arn:aws:iam::${accountId}:user/ada is not authorized to perform: ecs:DescribeClusters on resource: ` +
        `${cluster} because no identity-based policy allows the ecs:DescribeClusters action`,
    });
  });

  it("denies another account's root user: the ARN must be of the principal's own account", () => {
    const principal = { accountId, arn: 'arn:aws:iam::999999999999:root', accessKeyId: 'AKIAEXAMPLE' };
    expect(authorize({ principal, action: 'ecs:ListClusters', resources: ['*'] }).isAllowed).toBe(false);
  });
});
