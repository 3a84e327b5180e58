import { cidrText, parseCidr } from '../../../topology/index.ts';
import { ec2Refusal, invalidParameterCombination, invalidValue, unsupported } from '../errors.ts';

export interface DestinationInput {
  readonly DestinationCidrBlock?: string | undefined;
  readonly DestinationIpv6CidrBlock?: string | undefined;
  readonly DestinationPrefixListId?: string | undefined;
}

/** A block, or a prefix list by its id, which is still to be looked up. */
export type Destination =
  | { readonly type: 'cidr'; readonly cidr: string }
  | { readonly type: 'prefix-list'; readonly id: string };

const exactlyOne =
  'The request must contain exactly one of destinationCidrBlock, destinationIpv6CidrBlock or destinationPrefixListId';

/**
 * Blocks lose their host bits.
 * @throws {Refusal} MissingParameter, InvalidParameterCombination, InvalidParameterValue; UnsupportedOperation: IPv6
 */
export function readDestination(input: DestinationInput): Destination {
  const {
    DestinationCidrBlock: cidr,
    DestinationIpv6CidrBlock: ipv6,
    DestinationPrefixListId: listId,
  } = input;
  const given = [cidr, ipv6, listId].filter((each) => each !== undefined);
  if (given.length === 0) throw ec2Refusal('MissingParameter', exactlyOne);
  if (given.length > 1) throw invalidParameterCombination(exactlyOne);
  if (ipv6 !== undefined) throw unsupported('IPv6 routes are');
  if (listId !== undefined) return { type: 'prefix-list', id: listId };
  const block = parseCidr(cidr ?? '');
  if (block === undefined) {
    throw invalidValue(cidr ?? '', 'destinationCidrBlock', 'This is not a valid CIDR block.');
  }
  return { type: 'cidr', cidr: cidrText(block) };
}
