import type { CommandContext } from '../command-context.ts';
import { operatorClient } from '../connection.ts';

export interface BalancerLogsOptions {
  readonly state: string;
  readonly follow: boolean;
  readonly limit: number;
}

/** How long the server may hold back an answer for want of a line; a server that stops waits for it. */
const waitMs = 4_000;

/** Prints the newest lines of a load balancer's access log, oldest first; `--follow` goes on with those that come. */
export async function balancerLogs(
  name: string,
  { state, follow, limit }: BalancerLogsOptions,
  { composition, terminal, signal }: CommandContext,
): Promise<number> {
  const client = operatorClient(state, composition.clock);
  const show = (lines: readonly string[]): void => {
    if (lines.length > 0) terminal.stdout.write(lines.map((line) => `${line}\n`).join(''));
  };
  let answer = await client.balancerLogs(name, { limit }, signal);
  show(answer.lines);
  while (follow && !signal.aborted) {
    try {
      answer = await client.balancerLogs(name, { after: answer.next, limit: 500, waitMs }, signal);
    } catch (error) {
      if (signal.aborted) return 0;
      throw error;
    }
    show(answer.lines);
  }
  return 0;
}
