/**
 * The names of links within a VPC's namespace. The rules of its firewall know interfaces by them, so they follow from
 * ids alone. The kernel takes 15 characters.
 */

/** The link to the host, for public addresses. */
export const uplinkName = 'up0';

/** The tunnel to the VPC's part on other machines. */
export const tunnelName = 'vx0';

/** The router's end of an interface's link: `e` and the first 13 hexadecimal digits of `eni-…`. */
export function linkName(interfaceId: string): string {
  return `e${digitsOf(interfaceId)}`;
}

/** A NAT gateway's own link to the host: `n` and the first 13 hexadecimal digits of `nat-…`. */
export function natLinkName(natGatewayId: string): string {
  return `n${digitsOf(natGatewayId)}`;
}

function digitsOf(id: string): string {
  return id.slice(id.indexOf('-') + 1).slice(0, 13);
}
