import { expect, it } from 'vitest';
import type { Sessions } from '../iam/index.ts';
import { anonymousPrincipal, type Call, type OperationTable } from '../service.ts';
import { stsOperations } from './operations.ts';

/** Service Authorization Reference, "AWS Security Token Service": who decides, and on what. */
const rows: Readonly<Record<string, readonly [decides: 'policies' | 'itself' | 'nobody', resource: string]>> =
  {
    AssumeRole: ['itself', 'arn:aws:iam::111122223333:role/Pilot'],
    AssumeRoleWithWebIdentity: ['itself', 'arn:aws:iam::111122223333:role/Pilot'],
    DecodeAuthorizationMessage: ['policies', '*'],
    GetAccessKeyInfo: ['policies', '*'],
    GetCallerIdentity: ['nobody', '*'],
    GetFederationToken: ['policies', 'arn:aws:sts::111122223333:federated-user/guest'],
    GetSessionToken: ['nobody', '*'],
  };

it('Every operation of STS is authorised as on AWS, or refused by name', () => {
  const call = { accountId: '111122223333', principal: anonymousPrincipal } as Call;
  const input = { RoleArn: 'arn:aws:iam::111122223333:role/Pilot', Name: 'guest' };
  const table: OperationTable = stsOperations({} as Sessions);
  const found = Object.entries(table).flatMap(([name, entry]) => {
    if ('refused' in entry) {
      expect(entry.refused).toContain(`${name} is not supported by this version of Catamaran yet: `);
      return [];
    }
    expect(entry.action).toBe(`sts:${name}`);
    const decides = { none: 'nobody', own: 'itself', policies: 'policies' }[entry.permission ?? 'policies'];
    return [[name, [decides, ...entry.resources(input, call)]]];
  });
  expect(Object.fromEntries(found)).toEqual(rows);
});
