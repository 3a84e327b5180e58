import type {
  DescribeVpcAttributeCommandInput,
  DescribeVpcAttributeResult,
  ModifyVpcAttributeCommandInput,
} from '@aws-sdk/client-ec2';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import { invalidParameterCombination, invalidValue, missingParameter, unsupported } from '../errors.ts';
import { requireRecord } from '../ids.ts';
import { kinds } from '../kinds.ts';
import { ec2Key, type VpcRecord, vpcs } from '../records.ts';

/** One attribute for each call. @throws InvalidVpcID.NotFound, MissingParameter, InvalidParameterCombination */
export async function modifyVpcAttribute(
  { state }: Ec2Context,
  input: ModifyVpcAttributeCommandInput,
  call: Call,
): Promise<object> {
  const change = changeOf(input);
  await state.transact((tx) => {
    const vpc = { ...requireRecord(tx, call, kinds.vpc, input.VpcId, 'VpcId'), ...change };
    if (change.enableDnsHostnames && !vpc.enableDnsSupport) {
      throw invalidParameterCombination('DNS hostnames can be enabled only while DNS support is enabled');
    }
    tx.put(vpcs, ec2Key(vpcs, call, vpc.id), vpc);
  });
  return {};
}

function changeOf({
  EnableDnsHostnames,
  EnableDnsSupport,
  EnableNetworkAddressUsageMetrics,
}: ModifyVpcAttributeCommandInput): Partial<VpcRecord> {
  const given = [EnableDnsHostnames, EnableDnsSupport, EnableNetworkAddressUsageMetrics];
  if (given.filter((each) => each !== undefined).length > 1)
    throw invalidParameterCombination('Fields for multiple attribute types specified: only one is allowed');
  if (EnableDnsHostnames) return { enableDnsHostnames: EnableDnsHostnames.Value ?? false };
  if (EnableDnsSupport) return { enableDnsSupport: EnableDnsSupport.Value ?? false };
  if (EnableNetworkAddressUsageMetrics === undefined) throw missingParameter('EnableDnsSupport.Value');
  if (EnableNetworkAddressUsageMetrics.Value)
    throw unsupported('EnableNetworkAddressUsageMetrics: these metrics are');
  return {};
}

/** @throws InvalidVpcID.NotFound, InvalidParameterValue */
export function describeVpcAttribute(
  { state }: Ec2Context,
  { VpcId, Attribute }: DescribeVpcAttributeCommandInput,
  call: Call,
): DescribeVpcAttributeResult {
  if (Attribute === undefined) throw missingParameter('Attribute');
  const vpc = requireRecord(state, call, kinds.vpc, VpcId, 'VpcId');
  switch (Attribute) {
    case 'enableDnsHostnames':
      return { VpcId: vpc.id, EnableDnsHostnames: { Value: vpc.enableDnsHostnames } };
    case 'enableDnsSupport':
      return { VpcId: vpc.id, EnableDnsSupport: { Value: vpc.enableDnsSupport } };
    case 'enableNetworkAddressUsageMetrics':
      return {
        VpcId: vpc.id,
        EnableNetworkAddressUsageMetrics: { Value: vpc.enableNetworkAddressUsageMetrics },
      };
    default:
      throw invalidValue(Attribute, 'attribute', 'Unknown attribute.');
  }
}
