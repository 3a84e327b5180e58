import type {
  DescribeAccountAttributesCommandInput,
  DescribeAccountAttributesResult,
} from '@aws-sdk/client-ec2';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import { invalidValue } from '../errors.ts';
import { defaultVpcOf } from '../vpcs/vpc-lookup.ts';

export function describeAccountAttributes(
  { state }: Ec2Context,
  { AttributeNames = [] }: DescribeAccountAttributesCommandInput,
  call: Call,
): DescribeAccountAttributesResult {
  const attributes: Readonly<Record<string, string>> = {
    'supported-platforms': 'VPC',
    'default-vpc': defaultVpcOf(state, call)?.id ?? 'none',
    // There are none yet.
    'max-instances': '0',
    'vpc-max-security-groups-per-interface': '5',
    'max-elastic-ips': '5',
    'vpc-max-elastic-ips': '5',
  };
  const unknown = AttributeNames.find((name) => !Object.hasOwn(attributes, name));
  if (unknown !== undefined) throw invalidValue(unknown, 'attributeName', 'Unknown attribute.');
  return {
    AccountAttributes: Object.entries(attributes)
      .filter(([name]) => AttributeNames.length === 0 || AttributeNames.some((asked) => asked === name))
      .map(([AttributeName, AttributeValue]) => ({
        ...{ AttributeName, AttributeValues: [{ AttributeValue }] },
      })),
  };
}
