import type { Command, Option } from 'commander';
import type { CommandContext } from './command-context.ts';
import { examples } from './examples.ts';

/** The command lines about several machines: see `program.ts`. */
export function addMachineCommands(
  program: Command,
  {
    context,
    setExitCode,
    stateOption,
    jsonOption,
    fargateIsolationOption,
  }: {
    readonly context: CommandContext;
    readonly setExitCode: (code: number) => void;
    readonly stateOption: () => Option;
    readonly jsonOption: () => Option;
    readonly fargateIsolationOption: () => Option;
  },
): void {
  program
    .command('join')
    .description('make this computer a machine of an installation elsewhere, and start it')
    .option('--cluster <name>', 'the cluster that its container instance is in', 'default')
    .option(
      '--address <address>',
      'its IPv4 address for the other machines (default: from which it reaches the control plane)',
    )
    .addOption(stateOption())
    .addOption(fargateIsolationOption())
    .option('--detach', 'run in the background; its log goes to the state directory', false)
    .addHelpText(
      'after',
      examples([
        ['CATAMARAN_JOIN_TOKEN=… ./catamaran join --detach', 'the first time, as machine invite prints it'],
        ['./catamaran join --detach', 'from then on'],
      ]),
    )
    .action(async (options) =>
      setExitCode(await (await import('./commands/join.ts')).join(options, context)),
    );

  program
    .command('leave')
    .description('end what join began: stop it, tell the control plane, remove everything from this computer')
    .addOption(stateOption())
    .action(async (options) =>
      setExitCode(await (await import('./commands/down.ts')).leave(options, context)),
    );

  const machine = program
    .command('machine')
    .description('the computers of this installation')
    .addHelpText(
      'after',
      examples([['./catamaran machine invite', 'the command that makes another computer one of them']]),
    );
  machine
    .command('invite')
    .description('print the command that makes another computer a machine of this installation')
    .addOption(stateOption())
    .addOption(jsonOption())
    .action(async (options) =>
      setExitCode(await (await import('./commands/machine.ts')).inviteMachine(options, context)),
    );
  machine
    .command('list')
    .description('show them')
    .addOption(stateOption())
    .addOption(jsonOption())
    .action(async (options) =>
      setExitCode(await (await import('./commands/machine.ts')).listMachines(options, context)),
    );
  machine
    .command('remove')
    .description('remove a machine that is lost; its tasks are forgotten')
    .argument('<machine>', 'its id or name')
    .addOption(stateOption())
    .addOption(jsonOption())
    .action(async (id: string, options) =>
      setExitCode(await (await import('./commands/machine.ts')).removeMachine(id, options, context)),
    );
}
