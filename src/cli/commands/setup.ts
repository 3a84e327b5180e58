import type { CommandContext } from '../command-context.ts';
import { runSetup, stepsFor } from '../setup/index.ts';

/** Makes the machine ready for everything, and says what is there. */
export async function setup({ composition, terminal, signal }: CommandContext): Promise<number> {
  const steps = stepsFor('test', composition);
  await runSetup(steps, composition.clock, terminal.stdout, signal);
  for (const step of steps) {
    terminal.stdout.write(`ok      ${step.name}  ${(await step.look(signal)) ?? ''}\n`);
  }
  return 0;
}
