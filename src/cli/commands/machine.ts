import type { CommandContext } from '../command-context.ts';
import { operatorClient } from '../connection.ts';
import type { MachineDescription } from '../machine-api.ts';
import { duration, table } from '../terminal.ts';

interface MachineOptions {
  readonly state: string;
  readonly json?: boolean;
}

/** Prints the command that makes another computer a machine of this installation. */
export async function inviteMachine(
  options: MachineOptions,
  { composition, terminal, signal }: CommandContext,
): Promise<number> {
  const invitation = await operatorClient(options.state, composition.clock).inviteMachine(signal);
  if (options.json) {
    terminal.stdout.write(`${JSON.stringify(invitation)}\n`);
    return 0;
  }
  const left = duration(invitation.expiresAt - composition.clock.now());
  terminal.stderr.write(
    `Run this in a checkout of Catamaran ${composition.version} on the other computer, as root; it holds for ${left}:\n`,
  );
  terminal.stdout.write(`CATAMARAN_JOIN_TOKEN=${invitation.token} ./catamaran join --detach\n`);
  return 0;
}

export async function listMachines(
  options: MachineOptions,
  { composition, terminal, signal }: CommandContext,
): Promise<number> {
  const answer = await operatorClient(options.state, composition.clock).listMachines(signal);
  const { stdout } = terminal;
  if (options.json) stdout.write(`${JSON.stringify(answer)}\n`);
  else if (answer.machines.length === 0)
    stdout.write('This machine alone: ./catamaran machine invite adds another\n');
  else stdout.write(table(answer.machines.map(machineRow)));
  return 0;
}

export async function removeMachine(
  machine: string,
  options: MachineOptions,
  { composition, terminal, signal }: CommandContext,
): Promise<number> {
  const removed = await operatorClient(options.state, composition.clock).removeMachine(machine, signal);
  if (options.json) terminal.stdout.write(`${JSON.stringify(removed)}\n`);
  else
    terminal.stdout.write(
      `${removed.name} (${removed.id}) is no machine of this installation any more; ./catamaran down --purge there removes what is left on it\n`,
    );
  return 0;
}

export function machineRow({
  id,
  name,
  address,
  version,
  isHome,
  isConnected,
}: MachineDescription): string[] {
  const state = isHome ? 'control plane' : isConnected ? 'connected' : 'not connected';
  return [`  ${name}`, id, address ?? 'no address', state, version];
}
