import type { CommandContext } from '../command-context.ts';
import { operatorClient } from '../connection.ts';
import type { NetworkResponse, VpcDescription } from '../network-api.ts';
import { CommandError, paint, table } from '../terminal.ts';
import { engineNetworksInstead } from './engine-networks.ts';

export interface NetOptions {
  readonly state: string;
  readonly json?: boolean;
}

/** Shows the VPCs of the installation, with their subnets and network interfaces. */
export async function net(
  options: NetOptions,
  { composition, terminal, signal }: CommandContext,
): Promise<number> {
  const answer = await operatorClient(options.state, composition.clock).network(signal);
  const { stdout } = terminal;
  if (options.json) {
    stdout.write(`${JSON.stringify(answer)}\n`);
    return 0;
  }
  stdout.write(enforcement(answer));
  for (const vpc of answer.vpcs) {
    const name = `\n${vpc.vpcId}${vpc.isDefault ? ' (default)' : ''}  ${vpc.cidrs.join(', ')}`;
    const whose = `  account ${vpc.accountId}, ${vpc.region}, ${vpc.hasInternetGateway ? 'with' : 'without'} internet gateway`;
    stdout.write(paint(stdout, 'bold', name) + `${whose}\n`);
    stdout.write(table(rowsOf(vpc)));
  }
  return 0;
}

function enforcement({ why, publicCidr }: NetworkResponse): string {
  return why === undefined
    ? `Routes and security groups are enforced by the kernel; public addresses are of ${publicCidr}.\n`
    : `${engineNetworksInstead(why)}\n`;
}

function rowsOf({ subnets, interfaces }: VpcDescription): string[][] {
  return subnets.flatMap((subnet) => [
    [
      `  ${subnet.subnetId}`,
      subnet.cidr,
      subnet.availabilityZone,
      `${subnet.isPublic ? 'public' : 'private'}, ${subnet.freeAddresses} addresses free`,
    ],
    ...interfaces
      .filter(({ subnetId }) => subnetId === subnet.subnetId)
      .map((eni) => [
        `    ${eni.interfaceId}`,
        [...eni.addresses, ...eni.publicAddresses].join(', '),
        eni.isAttached ? 'attached' : eni.machine === undefined ? 'not attached' : `on ${eni.machine}`,
        `${eni.owner ?? eni.description} [${eni.securityGroupIds.join(', ')}]`,
      ]),
  ]);
}

export interface NetExplainOptions extends NetOptions {
  readonly protocol: string;
  readonly port?: number;
}

/** Says whether a packet may pass from one to the other, and what decides. Ends with 0 when it may, else 3. */
export async function explainNet(
  from: string,
  to: string,
  { state, json, protocol, port }: NetExplainOptions,
  { composition, terminal, signal }: CommandContext,
): Promise<number> {
  if (!['tcp', 'udp', 'icmp'].includes(protocol))
    throw new CommandError(`Invalid --protocol ${protocol}: tcp, udp or icmp is expected`);
  if ((protocol === 'icmp') !== (port === undefined))
    throw new CommandError(
      protocol === 'icmp'
        ? 'ICMP has no ports: leave --port out'
        : 'Say which port the packet is for: --port N',
    );
  const answer = await operatorClient(state, composition.clock).explainPacket(
    { from, to, protocol, ...(port !== undefined && { port }) },
    signal,
  );
  const { stdout } = terminal;
  if (json) stdout.write(`${JSON.stringify(answer)}\n`);
  else {
    const traffic = protocol === 'icmp' ? 'ICMP echo' : `${protocol.toUpperCase()} to port ${port}`;
    stdout.write(
      `${answer.passes ? 'PASSES' : 'BLOCKED'}: ${traffic} from ${answer.from} to ${answer.to} in ${answer.vpcId}\n`,
    );
    for (const { passes, sentence } of answer.steps)
      stdout.write(`  ${passes ? 'ok     ' : 'blocked'}  ${sentence}\n`);
    if (answer.why !== undefined)
      stdout.write(`That is what the VPC's rules say. ${engineNetworksInstead(answer.why)}\n`);
  }
  return answer.passes ? 0 : 3;
}

export interface NetResolveOptions extends NetOptions {
  readonly vpc?: string;
}

/** Prints where a name leads, an address a line: this machine's own resolver does not know the names of VPCs. */
export async function resolveName(
  name: string,
  { state, json, vpc }: NetResolveOptions,
  { composition, terminal, signal }: CommandContext,
): Promise<number> {
  const wanted = { name, ...(vpc !== undefined && { vpcId: vpc }) };
  const answer = await operatorClient(state, composition.clock).resolveName(wanted, signal);
  if (json) terminal.stdout.write(`${JSON.stringify(answer)}\n`);
  else if (answer.addresses.length === 0)
    terminal.stderr.write(
      `No load balancer and no instance of Cloud Map has the name ${answer.name} in ${answer.vpcId}\n`,
    );
  else terminal.stdout.write(answer.addresses.map((address) => `${address}\n`).join(''));
  return answer.addresses.length > 0 ? 0 : 3;
}
