/**
 * The names of links of VPCs. The rules of firewalls know interfaces by them, so they follow from ids alone. The kernel
 * takes 15 characters.
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

/** All links at the host's side begin with it. */
export const hostLinkPrefix = 'ctm';

/** The host's end of a link to a VPC (`up0` there) or to a NAT gateway. */
export function hostLinkName(ownerId: string): string {
  return `${hostLinkPrefix}${digitsOf(ownerId).slice(0, 12)}`;
}

/** The machine's own interfaces of VPCs begin with it. */
export const machineLinkPrefix = 'cte';

/** The machine's end of an interface that is its own. */
export function machineLinkName(interfaceId: string): string {
  return `${machineLinkPrefix}${digitsOf(interfaceId).slice(0, 12)}`;
}

/** The machine's ends of links to nodes of load balancers begin with it. */
export const balancerLinkPrefix = 'ctl';

/** The machine's end of a link to a load balancer's node. */
export function balancerLinkName(interfaceId: string): string {
  return `${balancerLinkPrefix}${digitsOf(interfaceId).slice(0, 12)}`;
}

function digitsOf(id: string): string {
  return id.slice(id.indexOf('-') + 1).slice(0, 13);
}
