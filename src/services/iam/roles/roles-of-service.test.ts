import { expect, it } from 'vitest';
import type { RecordKey } from '../../../reconcile/index.ts';
import { watchingRolesOf } from './roles-of-service.ts';

const trusting = (service: string) => ({
  trustPolicy: JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
  }),
});

it('sees roles that a service may assume, and those alone', () => {
  const { keys } = watchingRolesOf('eks.amazonaws.com', 'clusters');
  const workOf = (after: object | undefined) => [
    ...keys({ key: '/iam/123456789012/global/role/one' as RecordKey, before: undefined, after }),
  ];
  expect(workOf(trusting('eks.amazonaws.com'))).toEqual(['clusters']);
  expect(workOf(trusting('ec2.amazonaws.com'))).toEqual([]);
  // Of another service, whose name ends as the first one's.
  expect(workOf(trusting('pods.eks.amazonaws.com'))).toEqual([]);
  expect(workOf(undefined)).toEqual([]);
});
