import type {
  AssociateDhcpOptionsCommandInput,
  CreateDhcpOptionsCommandInput,
  CreateDhcpOptionsResult,
  DeleteDhcpOptionsCommandInput,
  DescribeDhcpOptionsCommandInput,
  DescribeDhcpOptionsResult,
  DhcpOptions,
} from '@aws-sdk/client-ec2';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import { deleteUnused } from '../deletion.ts';
import { hasDependencies, limitReached } from '../errors.ts';
import { newId, requireRecord } from '../ids.ts';
import { describeRecords } from '../input/describe.ts';
import type { FilterTable } from '../input/filters.ts';
import { readTagSpecifications, tagList } from '../input/tags.ts';
import { kinds } from '../kinds.ts';
import {
  type DhcpOptionsRecord,
  dhcpOptions,
  ec2Key,
  ec2Prefix,
  type Scope,
  scopeText,
  vpcs,
} from '../records.ts';
import { readConfigurations } from './dhcp-configurations.ts';

const maxOptions = 100;

export async function createDhcpOptions(
  { state, random }: Ec2Context,
  input: CreateDhcpOptionsCommandInput,
  call: Call,
): Promise<CreateDhcpOptionsResult> {
  const configurations = readConfigurations(input.DhcpConfigurations);
  const tags = readTagSpecifications(input.TagSpecifications, 'dhcp-options');
  const options: DhcpOptionsRecord = { id: newId(random, 'dopt'), configurations, tags };
  await state.transact((tx) => {
    if ([...tx.list(dhcpOptions, ec2Prefix(dhcpOptions, call))].length >= maxOptions)
      throw limitReached('DhcpOptionsLimitExceeded', 'DHCP options sets');
    tx.put(dhcpOptions, ec2Key(dhcpOptions, call, options.id), options);
  });
  return { DhcpOptions: optionsView(call, options) };
}

const filters = ({ accountId }: Scope): FilterTable<DhcpOptionsRecord> => ({
  'dhcp-options-id': ({ id }) => id,
  key: ({ configurations }) => Object.keys(configurations),
  'owner-id': () => accountId,
  value: ({ configurations }) => Object.values(configurations).flat(),
});

export function describeDhcpOptions(
  { state }: Ec2Context,
  input: DescribeDhcpOptionsCommandInput,
  call: Call,
): DescribeDhcpOptionsResult {
  const asked = { ids: input.DhcpOptionsIds, name: 'dhcpOptionsIds', parameter: 'DhcpOptionsId' };
  const { items, nextToken } = describeRecords(state, call, kinds.dhcpOptions, filters(call), asked, input);
  return {
    DhcpOptions: items.map((options) => optionsView(call, options)),
    ...(nextToken !== undefined && { NextToken: nextToken }),
  };
}

/** @throws InvalidDhcpOptionID.NotFound, DependencyViolation */
export async function deleteDhcpOptions(
  { state }: Ec2Context,
  { DhcpOptionsId }: DeleteDhcpOptionsCommandInput,
  call: Call,
): Promise<object> {
  const named = { id: DhcpOptionsId, parameter: 'DhcpOptionsId' };
  await deleteUnused(
    state,
    call,
    kinds.dhcpOptions,
    named,
    (tx, { id }) => {
      const isUsed = tx
        .byIndex(vpcs, 'scope', scopeText(call))
        .some(({ value }) => value.dhcpOptionsId === id);
      if (isUsed) throw hasDependencies('dhcpOptions', id);
    },
    () => {},
  );
  return {};
}

/** `default` takes the options away. @throws InvalidVpcID.NotFound, InvalidDhcpOptionID.NotFound */
export async function associateDhcpOptions(
  { state }: Ec2Context,
  { VpcId, DhcpOptionsId }: AssociateDhcpOptionsCommandInput,
  call: Call,
): Promise<object> {
  await state.transact((tx) => {
    const { dhcpOptionsId: _, ...vpc } = requireRecord(tx, call, kinds.vpc, VpcId, 'VpcId');
    const key = ec2Key(vpcs, call, vpc.id);
    if (DhcpOptionsId === 'default') return tx.put(vpcs, key, vpc);
    const { id } = requireRecord(tx, call, kinds.dhcpOptions, DhcpOptionsId, 'DhcpOptionsId');
    tx.put(vpcs, key, { ...vpc, dhcpOptionsId: id });
  });
  return {};
}

function optionsView({ accountId }: Scope, { id, configurations, tags }: DhcpOptionsRecord): DhcpOptions {
  return {
    DhcpOptionsId: id,
    OwnerId: accountId,
    DhcpConfigurations: Object.entries(configurations).map(([Key, values]) => ({
      ...{ Key, Values: values.map((Value) => ({ Value })) },
    })),
    Tags: tagList(tags),
  };
}
