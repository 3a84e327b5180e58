import type { Command, Option } from 'commander';
import type { CommandContext } from './command-context.ts';
import { examples } from './examples.ts';
import { parsePositive } from './option-values.ts';

/** The command lines about the network: see `program.ts`. */
export function addNetCommands(
  program: Command,
  {
    context,
    setExitCode,
    stateOption,
    jsonOption,
  }: {
    readonly context: CommandContext;
    readonly setExitCode: (code: number) => void;
    readonly stateOption: () => Option;
    readonly jsonOption: () => Option;
  },
): void {
  const net = program
    .command('net')
    .description('the network: who is on it, and who reaches whom')
    .addHelpText(
      'after',
      examples([
        ['./catamaran net', 'the VPCs with their subnets and network interfaces'],
        ['./catamaran net explain TASK 10.0.1.7 --port 80', 'whether a packet passes, and why'],
        ['./catamaran net resolve web.harbor.local', 'where a name leads'],
      ]),
    );
  net
    .command('show', { isDefault: true })
    .description('show the VPCs with their subnets and network interfaces')
    .addOption(stateOption())
    .addOption(jsonOption())
    .action(async (options) => setExitCode(await (await import('./commands/net.ts')).net(options, context)));
  net
    .command('explain')
    .description('whether a packet passes, and what decides; ends with 3 when not')
    .argument('<from>', 'a task (id or ARN), a network interface (eni-…) or an address')
    .argument('<to>', 'likewise')
    .option('--port <number>', "the destination's port", parsePositive)
    .option('--protocol <name>', 'tcp, udp or icmp', 'tcp')
    .addOption(stateOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples([
        ['./catamaran net explain TASK 10.0.1.7 --port 80', ''],
        ['./catamaran net explain 203.0.113.9 TASK --port 443', 'from outside, by its public address'],
      ]),
    )
    .action(async (from: string, to: string, options) =>
      setExitCode(await (await import('./commands/net.ts')).explainNet(from, to, options, context)),
    );

  net
    .command('resolve')
    .description('the addresses that a name of a load balancer or of Cloud Map has; ends with 3 when none')
    .argument('<name>', 'as a VPC knows it')
    .option('--vpc <id>', 'whose names; without it the default VPC’s')
    .addOption(stateOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples([
        ['curl --resolve "$NAME:80:$(./catamaran net resolve "$NAME" | head -1)" "http://$NAME/"', ''],
      ]),
    )
    .action(async (name: string, options) =>
      setExitCode(await (await import('./commands/net.ts')).resolveName(name, options, context)),
    );
}
