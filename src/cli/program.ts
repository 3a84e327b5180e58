import { Command, CommanderError, Option } from 'commander';
import { defaultStateDirectory } from '../installation/index.ts';
import type { Composition } from './composition.ts';
import { balancerChoices, fargateIsolations, vpcPlaces } from './composition.ts';

import { hulls } from './demo/hull-facts.ts';
import { examples } from './examples.ts';
import { addMachineCommands } from './machine-program.ts';
import { addNetCommands } from './net-program.ts';
import {
  parseEndpoint,
  parseEventCount,
  parseHours,
  parsePort,
  parsePositive,
  parseRegion,
  parseStateDirectory,
  parseWhole,
} from './option-values.ts';
import type { Terminal } from './terminal.ts';

/**
 * The command line: names, options, help. Each command's own file is loaded when the command is used, so that
 * quick ones stay quick.
 * @returns a function that parses and runs one command line and returns its exit code.
 */
export function buildProgram(
  composition: Composition,
  terminal: Terminal,
  signal: AbortSignal,
): (argv: readonly string[]) => Promise<number> {
  let exitCode = 0;
  const setExitCode = (code: number): void => {
    exitCode = code;
  };
  const context = { composition, terminal, signal };
  const stateOption = (): Option =>
    new Option('--state <directory>', 'state directory (also: CATAMARAN_STATE)')
      .argParser(parseStateDirectory)
      .default(defaultStateDirectory(terminal.env));
  const fargateIsolationOption = (): Option =>
    new Option(
      '--fargate-isolation <kind>',
      'what separates Fargate tasks from the machine: gVisor or nothing, runc, or gVisor where it works',
    )
      .choices(fargateIsolations)
      .default('auto');
  const jsonOption = (): Option => new Option('--json', 'print one JSON object on stdout, and nothing else');

  const program = new Command('catamaran')
    .description('Amazon ECS and Amazon EKS on machines you own.')
    .version(composition.version, '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .showHelpAfterError('(--help shows what there is)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
      getOutHasColors: () => terminal.stdout.hasColours,
      getErrHasColors: () => terminal.stderr.hasColours,
    })
    .addHelpText(
      'after',
      examples([
        ['./catamaran demo', 'see everything work once, then clean up'],
        ['./catamaran up --detach', 'start it in the background'],
        ['eval "$(./catamaran env)"', 'point the AWS CLI and SDKs of this shell at it'],
        ['./catamaran aws ecs list-clusters', 'or run the AWS CLI this way'],
        ['./catamaran down', 'stop it; containers keep running'],
      ]),
    );

  program
    .command('up')
    .description('start Catamaran; containers of an earlier run are adopted')
    .option('--port <port>', 'port to listen on; 0 takes a free one', parsePort, 4566)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .addOption(stateOption())
    .option(
      '--region <region>',
      'the region to be (kept from the first start on; then us-east-1)',
      parseRegion,
    )
    .addOption(fargateIsolationOption())
    .addOption(
      new Option(
        '--vpcs <place>',
        'where VPCs are: in the kernel or not at all, on networks of the engine, which hold no rules, or in the kernel where it can',
      )
        .choices(vpcPlaces)
        .default('auto'),
    )
    .addOption(
      new Option(
        '--load-balancers <program>',
        'what carries load balancers: HAProxy where it is installed, or always a proxy of Node’s',
      )
        .choices(balancerChoices)
        .default('auto'),
    )
    .option(
      '--lambda-endpoint <url>',
      'what runs the functions of lifecycle hooks, by Lambda’s Invoke API',
      parseEndpoint,
    )
    .option('--detach', 'run in the background; its log goes to the state directory', false)
    .addHelpText(
      'after',
      examples([
        ['./catamaran up', 'until Ctrl-C'],
        ['./catamaran up --detach --port 4600 --state /srv/catamaran', 'a second one beside it'],
      ]),
    )
    .action(async (options) => setExitCode(await (await import('./commands/up.ts')).up(options, context)));

  program
    .command('down')
    .description('stop Catamaran; containers keep running and are adopted at the next up')
    .addOption(stateOption())
    .option('--purge', 'also remove its containers, networks, volumes and state', false)
    .addHelpText('after', examples([['./catamaran down --purge', 'leave nothing behind']]))
    .action(async (options) =>
      setExitCode(await (await import('./commands/down.ts')).down(options, context)),
    );

  program
    .command('env')
    .description('print shell commands that point the AWS CLI and SDKs at the running Catamaran')
    .addOption(stateOption())
    .addHelpText('after', examples([['eval "$(./catamaran env)"', 'for the shell you are in']]))
    .action(async (options) => setExitCode(await (await import('./commands/env.ts')).env(options, context)));

  program
    .command('aws')
    .description(
      'run the installed AWS CLI against the running Catamaran; --state must come before its arguments',
    )
    .addOption(stateOption())
    .argument('[arguments...]', 'what the AWS CLI gets')
    .passThroughOptions()
    .allowUnknownOption()
    .addHelpText(
      'after',
      examples([
        ['./catamaran aws ecs list-clusters', ''],
        ['./catamaran aws logs tail /my/group --follow', ''],
      ]),
    )
    .action(async (args: string[], options) =>
      setExitCode(await (await import('./commands/aws.ts')).aws(args, options, context)),
    );

  program
    .command('exec')
    .description('run a command on a terminal in a running task’s container; ends with its exit code')
    .argument('<task>', 'the task’s id or ARN')
    .argument('[command...]', 'after --; default: /bin/sh')
    .option('--cluster <name>', 'the task’s cluster (default: its ARN’s, else default)')
    .option('--container <name>', 'which container, where the task has several')
    .addOption(stateOption())
    .addHelpText(
      'after',
      examples([
        ['./catamaran exec 1f2e3d4c5b6a79880123456789abcdef', 'a shell'],
        ['./catamaran exec TASK --container web -- sh -c "ps; df -h"', ''],
      ]),
    )
    .action(async (task: string, command: string[], options) =>
      setExitCode(await (await import('./commands/exec.ts')).exec(task, command, options, context)),
    );

  program
    .command('status')
    .description('what is running, and how much of it')
    .addOption(stateOption())
    .addOption(jsonOption())
    .action(async (options) =>
      setExitCode(await (await import('./commands/status.ts')).status(options, context)),
    );

  program
    .command('events')
    .description('what happened: state changes of tasks, instances, services, deployments and alarms')
    .addOption(stateOption())
    .option('-f, --follow', 'go on with the events that come, until Ctrl-C', false)
    .option('-n, --limit <count>', 'how many of the newest to begin with, at most 500', parseEventCount, 50)
    .option('--json', "print each event as EventBridge's JSON, one to a line")
    .addHelpText('after', examples([['./catamaran events --follow', 'watch a deployment']]))
    .action(async (options) =>
      setExitCode(await (await import('./commands/events.ts')).events(options, context)),
    );

  program
    .command('balancer')
    .description('load balancers')
    .command('logs')
    .description("the newest lines of a load balancer's access log, which has to be enabled")
    .argument('<name>', 'its name or ARN')
    .addOption(stateOption())
    .option('-f, --follow', 'go on with the lines that come, until Ctrl-C', false)
    .option('-n, --limit <count>', 'how many of the newest to begin with, at most 500', parseEventCount, 50)
    .addHelpText('after', examples([['./catamaran balancer logs front --follow', 'watch requests']]))
    .action(async (name: string, options) =>
      setExitCode(await (await import('./commands/balancer-logs.ts')).balancerLogs(name, options, context)),
    );

  program
    .command('spot')
    .description('Fargate Spot')
    .command('interrupt')
    .description(
      'interrupt a task on Fargate Spot, or all of them: SIGTERM now, SIGKILL after the stop timeout',
    )
    .argument('[task]', 'the task’s id or ARN (default: every task on Fargate Spot)')
    .addOption(stateOption())
    .addOption(jsonOption())
    .addHelpText('after', examples([['./catamaran spot interrupt', 'every task on FARGATE_SPOT']]))
    .action(async (task, options) =>
      setExitCode(await (await import('./commands/spot.ts')).interruptSpot(task, options, context)),
    );

  const account = program
    .command('account')
    .description('accounts of this installation, each with users and roles of its own');
  account
    .command('create')
    .description("make an account; prints shell commands with its root user's key, which is shown this once")
    .argument('<name>', 'a name for it')
    .addOption(stateOption())
    .addOption(jsonOption())
    .addHelpText('after', examples([['eval "$(./catamaran account create harbor)"', 'and act as its root']]))
    .action(async (name: string, options) =>
      setExitCode(await (await import('./commands/account.ts')).createAccount(name, options, context)),
    );
  account
    .command('list')
    .description('show them')
    .addOption(stateOption())
    .addOption(jsonOption())
    .action(async (options) =>
      setExitCode(await (await import('./commands/account.ts')).listAccounts(options, context)),
    );

  program
    .command('login')
    .description(
      'write a profile for the AWS CLI and SDKs, with temporary credentials of a user, a role or root',
    )
    .argument('<principal>', 'root, the name of a user or role, user/NAME, role/NAME or an ARN')
    .option('--account <account>', 'its name or id (default: the first one)')
    .option('--profile <name>', 'the profile (default: catamaran-NAME)')
    .option('--duration <seconds>', 'how long (default: 12 hours, or as long as may be)', parsePositive)
    .addOption(stateOption())
    .addHelpText(
      'after',
      examples([['./catamaran login ada', 'then: aws --profile catamaran-ada ecs list-clusters']]),
    )
    .action(async (principal: string, options) =>
      setExitCode(await (await import('./commands/login.ts')).login(principal, options, context)),
    );

  program
    .command('explain')
    .description('whether somebody may do something, and which statements make it so; ends with 3 when not')
    .argument('<principal>', 'root, the name of a user or role, user/NAME, role/NAME or an ARN')
    .argument('<action>', 'e.g. ecs:UpdateService')
    .argument('[resource]', 'its ARN', '*')
    .option('--account <account>', "the principal's account, name or id (default: the first one)")
    .option(
      '--context <key=value>',
      'a condition key that the request would bring, e.g. ecs:cluster=ARN; again for more',
      (entry: string, entries: readonly string[]) => [...entries, entry],
      [],
    )
    .addOption(stateOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples([
        ['./catamaran explain ada ecs:RunTask arn:aws:ecs:us-east-1:111122223333:task-definition/web:1', ''],
      ]),
    )
    .action(async (principal: string, action: string, resource: string, options) =>
      setExitCode(
        await (await import('./commands/explain.ts')).explain(principal, action, resource, options, context),
      ),
    );

  addNetCommands(program, { context, setExitCode, stateOption, jsonOption });
  addMachineCommands(program, { context, setExitCode, stateOption, jsonOption, fargateIsolationOption });

  const instance = program
    .command('instance')
    .description('container instances on this machine: each has its own share of CPU, memory and ports')
    .addHelpText(
      'after',
      examples([
        [
          './catamaran instance add --cluster blue --cpu 1024 --memory 2048',
          'one core and 2 GiB for the cluster blue',
        ],
        ['./catamaran instance list', ''],
      ]),
    );
  instance
    .command('add')
    .description('add a container instance to a cluster (made if there is none of the name)')
    .addOption(stateOption())
    .option('--cluster <name>', 'the cluster', 'default')
    .option('--cpu <units>', 'CPU units, 1024 for a core (default: half of what is free)', parsePositive)
    .option('--memory <MiB>', 'memory in MiB (default: half of what is free)', parsePositive)
    .option('--name <name>', 'a name for people (default: made up)')
    .option(
      '--capacity-provider <name>',
      "the Auto Scaling group's capacity provider of the cluster that it belongs to",
    )
    .option('--zone <zone>', "the availability zone, e.g. us-east-1b (default: the region's first)")
    .addOption(jsonOption())
    .action(async (options) =>
      setExitCode(await (await import('./commands/instance.ts')).addInstance(options, context)),
    );
  instance
    .command('list')
    .description(
      'list the container instances that this Catamaran runs, and the nodes of Kubernetes clusters',
    )
    .addOption(stateOption())
    .option('--cluster <name>', 'only those of this cluster')
    .addOption(jsonOption())
    .action(async (options) =>
      setExitCode(await (await import('./commands/instance.ts')).listInstances(options, context)),
    );
  instance
    .command('remove')
    .description('remove a container instance on which no task runs')
    .argument('<id>', 'its id or name, as `instance list` shows them')
    .addOption(stateOption())
    .option('--force', 'stop the tasks that run on it first', false)
    .option('--cluster <name>', 'the cluster it is in, where its name is not unique')
    .addOption(jsonOption())
    .action(async (id: string, options) =>
      setExitCode(await (await import('./commands/instance.ts')).removeInstance(id, options, context)),
    );

  program
    .command('demo')
    .description('one application on ECS and on EKS: deploy it, update it under load, compare; then clean up')
    .addOption(new Option('--only <hull>', 'on one of them only').choices(hulls))
    .addOption(jsonOption())
    .action(async (options) => setExitCode(await (await import('./demo.ts')).demo(options, context)));

  program
    .command('bench')
    .description('measure; without a name, list what can be measured')
    .argument('[name]', 'what to measure')
    .argument('[options...]', 'options of that bench, as its file says')
    .allowUnknownOption()
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples([
        ['./catamaran bench start --json', ''],
        ['./catamaran bench fleet --tasks 10000 --instances 500', ''],
      ]),
    )
    .action(async (name: string | undefined, rest: string[], options) =>
      setExitCode(await (await import('./commands/bench.ts')).bench(name, { ...options, rest }, context)),
    );

  program
    .command('setup')
    .description('install what up, demo and test need on this machine; each of them does so by itself')
    .action(async () => setExitCode(await (await import('./commands/setup.ts')).setup(context)));

  const test = program
    .command('test')
    .description('all checks and tests, with the real Engine')
    .argument('[files...]', 'only test files whose path contains one of these')
    .addOption(new Option('--only <part>', 'only one part').choices(['checks', 'unit', 'e2e']))
    .addHelpText(
      'after',
      examples([
        ['./catamaran test', 'everything'],
        ['./catamaran test --only unit services/logs', 'the unit tests of one room'],
      ]),
    )
    .action(async (filters: string[], options) => {
      const all = await import('./test.ts');
      setExitCode(await all.test({ ...options, filters }, composition, terminal, signal));
    });

  test
    .command('sim')
    .description('the simulation alone: replay a seed, or go on with new ones')
    .option('--seed <number>', 'which run; any when omitted', parseWhole)
    .option(
      '--instances <number>',
      'so many container instances instead of what the seed says',
      parsePositive,
    )
    .option('--steps <number>', 'so many steps instead of what the seed says', parsePositive)
    .option('--minutes <number>', 'so many minutes of faults instead of what the seed says', parsePositive)
    .option('--without <numbers>', 'leave out these steps, with commas between them')
    .option('--hours <number>', 'run new seeds for so long', parseHours)
    .option('--trace', 'print everything that happens', false)
    .option('--minimize', 'of a seed that fails, leave out whatever it fails without', false)
    .addHelpText(
      'after',
      examples([
        ['./catamaran test sim --seed 42 --trace', 'what happens in this run'],
        ['./catamaran test sim --hours 8', 'look for failures overnight'],
      ]),
    )
    .action(async (options) =>
      setExitCode(await (await import('./commands/test-sim.ts')).testSim(options, context)),
    );

  return async (argv) => {
    if (argv.length === 0) {
      program.outputHelp();
      return 0;
    }
    try {
      await program.parseAsync(argv, { from: 'user' });
      return exitCode;
    } catch (error) {
      // Commander has printed it already: help, the version, or what is wrong with the command line.
      if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
      throw error;
    }
  };
}
