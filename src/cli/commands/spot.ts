import type { CommandContext } from '../command-context.ts';
import { operatorClient } from '../connection.ts';

export interface InterruptSpotOptions {
  readonly state: string;
  readonly json?: boolean;
}

/** Interrupts one task on Fargate Spot, or every one, as AWS does when it wants its capacity back. */
export async function interruptSpot(
  task: string | undefined,
  options: InterruptSpotOptions,
  { composition, terminal, signal }: CommandContext,
): Promise<number> {
  const client = operatorClient(options.state, composition.clock);
  const answer = await client.interruptSpot(task === undefined ? {} : { task }, signal);
  const { stdout } = terminal;
  if (options.json) stdout.write(`${JSON.stringify(answer)}\n`);
  else if (answer.taskArns.length === 0) stdout.write('No task runs on Fargate Spot.\n');
  else
    stdout.write(
      `Interrupted; each has its stop timeout, two minutes at most, to end:\n${answer.taskArns.map((arn) => `  ${arn}\n`).join('')}`,
    );
  return 0;
}
