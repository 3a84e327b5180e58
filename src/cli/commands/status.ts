import type { CommandContext } from '../command-context.ts';
import { operatorClient } from '../connection.ts';
import type { StatusResponse } from '../operator-api.ts';
import { duration, paint, table } from '../terminal.ts';
import { engineNetworksInstead } from './engine-networks.ts';
import { machineRow } from './machine.ts';

export interface StatusOptions {
  readonly state: string;
  readonly json?: boolean;
}

export async function status(options: StatusOptions, context: CommandContext): Promise<number> {
  const { composition, terminal, signal } = context;
  const answer = await operatorClient(options.state, composition.clock).status(signal);
  const { stdout } = terminal;
  if (options.json) {
    stdout.write(`${JSON.stringify(answer)}\n`);
    return 0;
  }
  const { engine, counts, fargate, machines, network, nodes } = answer;
  const tasks = Object.entries(counts.tasks).map(([name, count]) => `${count} ${name}`);
  stdout.write(paint(stdout, 'bold', `Catamaran ${answer.version}\n`));
  stdout.write(
    table([
      ['  process', `${answer.pid}, up ${duration(composition.clock.now() - answer.startedAt)}`],
      ['  memory', `${Math.round(answer.memoryBytes / 1024 / 1024)} MiB`],
      ['  endpoint', answer.endpoint],
      ['  region', answer.region],
      ['  account', answer.accountId],
      ['  state', answer.state],
      [
        '  engine',
        `${engine.name} ${engine.version} at ${engine.address}${engine.isConnected ? '' : ' (does not answer)'}`,
      ],
      [
        '  fargate',
        fargate.isolation === 'none' ? 'no isolation to be had' : `isolated by ${fargate.isolation}`,
      ],
      ...describeNetwork(network),
      ['  clusters', String(counts.clusters)],
      ['  instances', String(counts.containerInstances)],
      [
        '  nodes',
        nodes.count === 0 ? '0' : `${nodes.count}, with ${nodes.cpu} CPU units and ${nodes.memory} MiB`,
      ],
      ['  services', String(counts.services)],
      ['  tasks', tasks.length === 0 ? '0' : tasks.join(', ')],
    ]),
  );
  if (machines.length > 0) stdout.write(`\nMachines:\n${table(machines.map(machineRow))}`);
  if (network.why !== undefined) stdout.write(`\n${engineNetworksInstead(network.why)}\n`);
  stdout.write(`\nFargate: ${fargate.why}\nFargate: ${fargate.storage}\n`);
  if (fargate.problem !== undefined)
    stdout.write(`${paint(stdout, 'red', 'Fargate tasks cannot be launched:')} ${fargate.problem}\n`);
  if (engine.problem !== undefined) {
    stdout.write(`\n${paint(stdout, 'red', 'The engine does not answer:')} ${engine.problem}\n`);
  }
  if (engine.limits.length > 0) {
    stdout.write(`\nWhat this machine can't do:\n${engine.limits.map((limit) => `  ${limit}\n`).join('')}`);
  }
  return 0;
}

function describeNetwork({
  isEnforced,
  publicCidr,
  loadBalancers,
  defaultVpc,
}: StatusResponse['network']): [string, string][] {
  const rows: [string, string][] = [
    ['  network', isEnforced ? 'VPCs in the kernel' : 'networks of the engine instead of VPCs'],
    ['  public', `addresses of ${publicCidr}`],
    ['  balancers', loadBalancers],
  ];
  if (defaultVpc === undefined) return rows;
  const { vpcId, cidr, securityGroupId, subnets } = defaultVpc;
  return [
    ...rows,
    ['  default VPC', `${vpcId} (${cidr}), security group ${securityGroupId}`],
    ...subnets.map(({ subnetId, availabilityZone, ...subnet }): [string, string] => [
      '  subnet',
      `${subnetId} (${subnet.cidr}) in ${availabilityZone}`,
    ]),
  ];
}
