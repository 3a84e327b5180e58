import { EC2 } from '@aws-sdk/client-ec2';
import { accountId } from '../../../iam/testing/iam-server.ts';
import type { Case } from '../../../testing/authorization-suite.ts';
import type { ClientSettings } from '../../../testing/guarded.ts';

export interface ListsWorld {
  readonly listId: string;
}

const asked = { PrefixListName: 'offices', AddressFamily: 'IPv4', MaxEntries: 5 };

/** A tagged prefix list. */
export async function buildLists(root: ClientSettings): Promise<ListsWorld> {
  const ec2 = new EC2(root);
  const { PrefixList } = await ec2.createManagedPrefixList({
    ...asked,
    TagSpecifications: [{ ResourceType: 'prefix-list', Tags: [{ Key: 'team', Value: 'blue' }] }],
  });
  ec2.destroy();
  return { listId: PrefixList?.PrefixListId ?? '' };
}

export function listCases(
  region: string,
  { listId: PrefixListId }: ListsWorld,
): Readonly<Record<string, Case>> {
  const arn = (id: string) => `arn:aws:ec2:${region}:${accountId}:prefix-list/${id}`;
  const inRegion = { 'ec2:Region': region };
  const tagging = { ...inRegion, 'aws:RequestTag/Pier': 'nine', 'aws:TagKeys': ['Pier'] };
  const any = { on: ['*'], keys: inRegion };
  const onList = {
    on: [arn(PrefixListId)],
    keys: { ...inRegion, 'aws:ResourceTag/team': 'blue', 'ec2:ResourceTag/team': 'blue' },
  };
  return {
    CreateManagedPrefixList: {
      input: {
        ...asked,
        TagSpecifications: [{ ResourceType: 'prefix-list', Tags: [{ Key: 'Pier', Value: 'nine' }] }],
      },
      ...{ on: [arn('*')], keys: tagging },
      besides: [
        {
          ...{ action: 'ec2:CreateTags', on: arn('*') },
          keys: { ...tagging, 'ec2:CreateAction': 'CreateManagedPrefixList' },
        },
      ],
    },
    ModifyManagedPrefixList: {
      input: { PrefixListId, PrefixListName: 'homes', MaxEntries: 6 },
      on: onList.on,
      keys: {
        ...onList.keys,
        'ec2:Attribute': ['PrefixListName', 'MaxEntries'],
        'ec2:Attribute/PrefixListName': 'homes',
        'ec2:Attribute/MaxEntries': '6',
      },
    },
    RestoreManagedPrefixListVersion: {
      input: { PrefixListId, PreviousVersion: 1, CurrentVersion: 2 },
      ...onList,
    },
    DeleteManagedPrefixList: { input: { PrefixListId }, ...onList },
    DescribeManagedPrefixLists: { input: {}, ...any },
    DescribePrefixLists: { input: {}, ...any },
    GetManagedPrefixListEntries: { input: { PrefixListId }, ...onList },
    GetManagedPrefixListAssociations: { input: { PrefixListId }, ...onList },
  };
}

const inRegion = ['ec2:Region'];
const onList = [...inRegion, 'aws:ResourceTag', 'ec2:ResourceTag'];

/** See `listedKeys` of the suite. */
export const listKeys: Readonly<Record<string, readonly string[]>> = {
  CreateManagedPrefixList: [...inRegion, 'aws:RequestTag', 'aws:TagKeys'],
  ModifyManagedPrefixList: [...onList, 'ec2:Attribute'],
  RestoreManagedPrefixListVersion: onList,
  DeleteManagedPrefixList: onList,
  DescribeManagedPrefixLists: inRegion,
  DescribePrefixLists: inRegion,
  GetManagedPrefixListEntries: onList,
  GetManagedPrefixListAssociations: onList,
};
