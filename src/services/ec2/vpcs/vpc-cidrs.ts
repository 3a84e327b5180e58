import {
  blockOf,
  cidrBlock,
  cidrText,
  holdsBlock,
  type Ipv4Block,
  overlap,
  parseCidr,
} from '../../../topology/index.ts';
import { ec2Refusal, invalidValue, shown } from '../errors.ts';

/** Longest and shortest prefix of VPCs and subnets. */
const largest = 16;
const smallest = 28;

const tens = cidrBlock('10.0.0.0/8');
const oneSeventyTwos = cidrBlock('172.16.0.0/12');
const oneNinetyTwos = cidrBlock('192.168.0.0/16');
const oneNinetyEights = cidrBlock('198.19.0.0/16');
const privateRanges = [tens, oneSeventyTwos, oneNinetyTwos];

/** No host has such an address: this network, loopback, link-local, multicast and what is reserved. */
const unassignable = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3'].map(cidrBlock);

/** What may not be added to a VPC by the range that its primary block is in (VPC user guide, "VPC CIDR blocks"). */
const restrictions: readonly { readonly primaryIn: Ipv4Block; readonly restricted: readonly Ipv4Block[] }[] =
  [
    { primaryIn: tens, restricted: [oneSeventyTwos, oneNinetyTwos, oneNinetyEights] },
    {
      primaryIn: oneSeventyTwos,
      restricted: [tens, oneNinetyTwos, cidrBlock('172.31.0.0/16'), oneNinetyEights],
    },
    { primaryIn: oneNinetyTwos, restricted: [tens, oneSeventyTwos, oneNinetyEights] },
    { primaryIn: oneNinetyEights, restricted: privateRanges },
  ];
const restrictedElsewhere = [...privateRanges, oneNinetyEights];

/**
 * A block of a request, without its host bits.
 * @param refusalCode For a size that VPCs and subnets don't have.
 * @throws InvalidParameterValue, `refusalCode`
 */
export function readBlock(text: string, refusalCode: 'InvalidVpc.Range' | 'InvalidSubnet.Range'): Ipv4Block {
  const block = parseCidr(text);
  if (block === undefined) throw invalidValue(text, 'cidrBlock', 'This is not a valid CIDR block.');
  if (block.prefixLength < largest || block.prefixLength > smallest)
    throw ec2Refusal(refusalCode, `The CIDR '${shown(text)}' is invalid.`);
  return block;
}

/** The first block of a VPC. @throws InvalidParameterValue, InvalidVpc.Range */
export function readVpcBlock(text: string): Ipv4Block {
  const block = readBlock(text, 'InvalidVpc.Range');
  if (unassignable.some((range) => overlap(range, block)))
    throw ec2Refusal('InvalidVpc.Range', `The CIDR '${shown(text)}' is invalid.`);
  return block;
}

/**
 * Whether a block may be added to a VPC's.
 * @param cidrs Those that it has, the primary one first.
 * @param destinations Of the routes of its tables: none may be within what is added.
 * @throws InvalidVpc.Range
 */
export function checkAddition(
  added: Ipv4Block,
  cidrs: readonly string[],
  destinations: readonly string[],
): void {
  const text = cidrText(added);
  const blocks = cidrs.map(cidrBlock);
  const met = blocks.find((block) => overlap(block, added));
  if (met !== undefined)
    throw ec2Refusal(
      'InvalidVpc.Range',
      `The CIDR '${text}' conflicts with another CIDR: '${cidrText(met)}'.`,
    );
  if (isRestricted(added, blocks)) {
    throw ec2Refusal(
      'InvalidVpc.Range',
      `The CIDR '${text}' is restricted. Use a CIDR from the same private address range as the current VPC CIDR, ` +
        'or use a publicly-routable CIDR. For additional restrictions, see ' +
        'https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Subnets.html',
    );
  }
  const routed = destinations.find((destination) => {
    const block = parseCidr(destination);
    return block !== undefined && holdsBlock(added, block);
  });
  if (routed !== undefined)
    throw ec2Refusal('InvalidVpc.Range', `The CIDR '${text}' conflicts with the route to '${routed}'.`);
}

function isRestricted(added: Ipv4Block, blocks: readonly Ipv4Block[]): boolean {
  const [primary = added] = blocks;
  const { restricted } = restrictions.find(({ primaryIn }) => holdsBlock(primaryIn, primary)) ?? {
    restricted: restrictedElsewhere,
  };
  if ([...unassignable, ...restricted].some((range) => overlap(range, added))) return true;
  // 10.0.0.0/16 and 10.1.0.0/16 keep to themselves.
  const lowest = cidrBlock('10.0.0.0/15');
  return holdsBlock(blockOf(lowest.first, 16), added) && blocks.some((block) => holdsBlock(lowest, block));
}
