import type { EC2, ModifyManagedPrefixListCommandInput } from '@aws-sdk/client-ec2';
import type { OperationsOf } from '../../service.ts';
import { ec2Authorization, type Named } from '../authorization/rows.ts';
import type { Ec2Context } from '../context.ts';
import { getManagedPrefixListAssociations, getManagedPrefixListEntries } from './get-managed-prefix-list.ts';
import {
  createManagedPrefixList,
  deleteManagedPrefixList,
  describeManagedPrefixLists,
  describePrefixLists,
} from './managed-prefix-list.ts';
import { modifyManagedPrefixList, restoreManagedPrefixListVersion } from './modify-managed-prefix-list.ts';

type PrefixListOperation =
  | 'CreateManagedPrefixList'
  | 'DeleteManagedPrefixList'
  | 'DescribeManagedPrefixLists'
  | 'DescribePrefixLists'
  | 'GetManagedPrefixListAssociations'
  | 'GetManagedPrefixListEntries'
  | 'ModifyManagedPrefixList'
  | 'RestoreManagedPrefixListVersion';

interface OfList {
  readonly PrefixListId: string | undefined;
}

/** The operations on managed prefix lists. */
export function prefixListOperations(ec2: Ec2Context): Pick<OperationsOf<EC2>, PrefixListOperation> {
  const may = ec2Authorization(ec2.state);
  const list = ({ PrefixListId }: OfList): readonly Named[] => [['prefix-list', PrefixListId]];
  const onList = may.on<OfList>(list);
  return {
    CreateManagedPrefixList: {
      action: 'ec2:CreateManagedPrefixList',
      ...may.creating('CreateManagedPrefixList', 'prefix-list'),
      run: (input, call) => createManagedPrefixList(ec2, input, call),
    },
    ModifyManagedPrefixList: {
      action: 'ec2:ModifyManagedPrefixList',
      ...may.on<ModifyManagedPrefixListCommandInput>(list, attributeKeys),
      run: (input, call) => modifyManagedPrefixList(ec2, input, call),
    },
    RestoreManagedPrefixListVersion: {
      action: 'ec2:RestoreManagedPrefixListVersion',
      ...onList,
      run: (input, call) => restoreManagedPrefixListVersion(ec2, input, call),
    },
    DeleteManagedPrefixList: {
      action: 'ec2:DeleteManagedPrefixList',
      ...onList,
      run: (input, call) => deleteManagedPrefixList(ec2, input, call),
    },
    DescribeManagedPrefixLists: {
      action: 'ec2:DescribeManagedPrefixLists',
      ...may.everything,
      run: (input, call) => describeManagedPrefixLists(ec2, input, call),
    },
    DescribePrefixLists: {
      action: 'ec2:DescribePrefixLists',
      ...may.everything,
      run: (input) => describePrefixLists(input),
    },
    GetManagedPrefixListEntries: {
      action: 'ec2:GetManagedPrefixListEntries',
      ...onList,
      run: (input, call) => getManagedPrefixListEntries(ec2, input, call),
    },
    GetManagedPrefixListAssociations: {
      action: 'ec2:GetManagedPrefixListAssociations',
      ...onList,
      run: (input, call) => getManagedPrefixListAssociations(ec2, input, call),
    },
  };
}

/** `ec2:Attribute`: what it changes; and with a value that is one, `ec2:Attribute/<name>`. */
function attributeKeys(input: ModifyManagedPrefixListCommandInput) {
  const { PrefixListName, MaxEntries } = input;
  const names = (['AddEntries', 'RemoveEntries', 'PrefixListName', 'MaxEntries'] as const).filter(
    (name) => input[name] !== undefined,
  );
  return {
    'ec2:Attribute': names,
    ...(PrefixListName !== undefined && { 'ec2:Attribute/PrefixListName': PrefixListName }),
    ...(MaxEntries !== undefined && { 'ec2:Attribute/MaxEntries': String(MaxEntries) }),
  };
}
