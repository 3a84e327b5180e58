/** What a machine without VPCs does with awsvpc tasks, for a person to know before relying on any of it. */
export function engineNetworksInstead(why: string): string {
  return (
    `No VPCs on this machine: ${why}. Networks of the engine, one for each subnet, take their place, and enforce neither ` +
    'security groups nor routes. A task stops, with the reason, unless its security groups are open, its subnet leads out ' +
    'and it wants no public address. Subnets do not reach each other; names of VPCs and of Cloud Map are not resolved; ' +
    "what goes out has the machine's address."
  );
}
