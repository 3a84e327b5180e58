import type { Clock } from '../../clock/index.ts';
import { Progress } from '../progress.ts';
import { CommandError, type Output } from '../terminal.ts';
import { programs } from './programs.ts';
import type { SetupStep } from './steps.ts';

/**
 * Takes the steps that are needed, saying what each does and why. Says nothing when nothing is needed.
 * @throws {CommandError} with the exact commands when something is needed that only root, or only a Debian
 * machine, can do; nothing was changed then.
 */
export async function runSetup(
  steps: readonly SetupStep[],
  clock: Clock,
  output: Output,
  signal: AbortSignal,
  machine: { readonly isRoot: boolean; readonly hasApt: boolean } = thisMachine(),
): Promise<void> {
  const possible = steps.filter((step) => !step.isOptional || isAllowed(step, machine));
  // All at once: most starts find everything there, and wait for nothing but these looks.
  const found = await Promise.all(possible.map((step) => step.look(signal)));
  const needed = possible.filter((_step, place) => found[place] === undefined);
  const forbidden = needed.filter((step) => !isAllowed(step, machine));
  if (forbidden.length > 0) throw new CommandError(instructions(needed, machine));

  using progress = new Progress(output, clock);
  for (const step of needed) {
    const line = progress.begin(`${step.name}: ${step.what} (${step.why})`, { quietMs: 15_000 });
    try {
      // A step before may have made this one needless.
      if ((await step.look(signal)) === undefined) {
        await step.make(signal, (text) => line.update(text.trim()));
      }
      const found = await step.look(signal);
      if (found === undefined) throw new CommandError(`${step.name} is still missing after ${step.what}`);
      line.done(found);
    } catch (error) {
      line.failed();
      if (!step.isOptional || signal.aborted) throw error;
      const why = error instanceof Error ? error.message : String(error);
      output.write(`        going on without ${step.name}: ${why}\n`);
    }
  }
}

function isAllowed(
  step: SetupStep,
  machine: { readonly isRoot: boolean; readonly hasApt: boolean },
): boolean {
  return (machine.isRoot || !step.needsRoot) && (machine.hasApt || !step.needsApt);
}

function instructions(
  needed: readonly SetupStep[],
  machine: { readonly isRoot: boolean; readonly hasApt: boolean },
): string {
  const reason = machine.hasApt
    ? 'only root may do it'
    : 'Catamaran installs packages on Debian and its relatives only';
  const lines = [`This machine needs the following first, and ${reason}:`, ''];
  for (const step of needed) {
    lines.push(`# ${step.name}: ${step.why}`);
    for (const command of step.commands) lines.push(machine.isRoot ? command : asRoot(command));
    lines.push('');
  }
  if (!machine.hasApt) {
    lines.push('These are the commands for Debian; use your system’s package manager for the same programs.');
    lines.push(
      'Any Engine that speaks the Docker API will do, also Docker Desktop or Podman’s socket (DOCKER_HOST).',
    );
  } else {
    lines.push('Then run the command again, or run it as root and it does all this itself.');
  }
  return lines.join('\n');
}

function asRoot(command: string): string {
  if (command.startsWith('#')) return command;
  return command.includes('&') || /^\w+=/.test(command) ? `sudo sh -c '${command}'` : `sudo ${command}`;
}

function thisMachine(): { isRoot: boolean; hasApt: boolean } {
  return { isRoot: process.getuid?.() === 0, hasApt: programs('apt-get', process.env).length > 0 };
}
