import type { CommandContext } from '../command-context.ts';
import { operatorClient } from '../connection.ts';
import type { InstanceDescription, NodeDescription } from '../operator-api.ts';
import { CommandError, type Output, table } from '../terminal.ts';

interface InstanceOptions {
  readonly state: string;
  readonly json?: boolean;
}

export interface AddInstanceOptions extends InstanceOptions {
  readonly cluster: string;
  readonly cpu?: number;
  readonly memory?: number;
  readonly name?: string;
  readonly zone?: string;
  readonly capacityProvider?: string;
}

export interface ListInstancesOptions extends InstanceOptions {
  readonly cluster?: string;
}

export interface RemoveInstanceOptions extends ListInstancesOptions {
  readonly force: boolean;
}

export async function addInstance(options: AddInstanceOptions, context: CommandContext): Promise<number> {
  const { state, json, zone, ...rest } = options;
  const input = { ...rest, ...(zone === undefined ? {} : { availabilityZone: zone }) };
  const client = operatorClient(state, context.composition.clock);
  const added = await client.addInstance(input, context.signal);
  show(json, added, [added], context.terminal.stdout);
  return 0;
}

export async function listInstances(options: ListInstancesOptions, context: CommandContext): Promise<number> {
  const client = operatorClient(options.state, context.composition.clock);
  const answer = await client.listInstances(options.cluster, context.signal);
  const { stdout } = context.terminal;
  show(options.json, answer, answer.instances, stdout);
  if (!options.json && answer.nodes.length > 0) showNodes(answer.nodes, stdout);
  return 0;
}

/** Removes the one instance that `handle` names by id or by name. */
export async function removeInstance(
  handle: string,
  options: RemoveInstanceOptions,
  context: CommandContext,
): Promise<number> {
  const client = operatorClient(options.state, context.composition.clock);
  const { instances, nodes } = await client.listInstances(options.cluster, context.signal);
  const found = instances.filter(({ id, name }) => id === handle || name === handle);
  const [instance] = found;
  const node = nodes.find(({ id, name }) => id === handle || name === handle);
  if (node !== undefined) {
    throw new CommandError(
      `${handle} is a node of the Kubernetes cluster ${node.cluster}: make its node group smaller (aws eks update-nodegroup-config)`,
    );
  }
  if (instance === undefined) {
    throw new CommandError(`There is no instance ${handle}: see ./catamaran instance list`);
  }
  if (found.length > 1) {
    throw new CommandError(
      `${found.length} instances are called ${handle}: name one by its id, or give --cluster`,
    );
  }
  const removed = await client.removeInstance(instance.id, { force: options.force, signal: context.signal });
  show(options.json, removed, [removed], context.terminal.stdout);
  return 0;
}

function show(
  json: boolean | undefined,
  answer: object,
  instances: readonly InstanceDescription[],
  stdout: Output,
): void {
  if (json) {
    stdout.write(`${JSON.stringify(answer)}\n`);
    return;
  }
  if (instances.length === 0) {
    stdout.write('There are no container instances. Add one with: ./catamaran instance add\n');
    return;
  }
  const rows = instances.map((instance) => [
    instance.id,
    instance.name,
    instance.cluster,
    instance.availabilityZone,
    instance.status,
    instance.agentConnected ? 'yes' : 'no',
    String(instance.cpu),
    String(instance.memory),
    String(instance.runningTasksCount),
  ]);
  stdout.write(
    table([['ID', 'NAME', 'CLUSTER', 'ZONE', 'STATUS', 'CONNECTED', 'CPU', 'MEMORY', 'TASKS'], ...rows]),
  );
}

/** What of the machines the container instances don't have, for it is theirs. */
function showNodes(nodes: readonly NodeDescription[], stdout: Output): void {
  // While there is one machine it goes without saying.
  const hasOthers = nodes.some(({ machine }) => machine !== undefined);
  const rows = nodes.map((node) => [
    ...[node.id, node.name ?? '-', node.cluster, node.nodegroup ?? 'fargate', node.instanceType ?? '-'],
    ...[node.availabilityZone ?? '-', node.status, String(node.cpu), String(node.memory)],
    ...(hasOthers ? [node.machine ?? '-'] : []),
  ]);
  const heads = ['ID', 'NAME', 'CLUSTER', 'NODE GROUP', 'TYPE', 'ZONE', 'STATUS', 'CPU', 'MEMORY'];
  if (hasOthers) heads.push('MACHINE');
  stdout.write(`\nNodes of Kubernetes clusters:\n${table([heads, ...rows])}`);
  for (const { id, problem } of nodes) if (problem !== undefined) stdout.write(`${id}: ${problem}\n`);
}
