import type { CommandContext } from '../command-context.ts';
import { operatorClient } from '../connection.ts';
import type { EventDescription } from '../operator-api.ts';
import { type Colour, type Output, paint } from '../terminal.ts';

export interface EventsOptions {
  readonly state: string;
  readonly follow: boolean;
  readonly limit: number;
  readonly json?: boolean;
}

/** How long the server may hold back an answer for want of an event; a server that stops waits for it. */
const waitMs = 4_000;

/** Prints the newest events, oldest first; `--follow` goes on with those that come. */
export async function events(options: EventsOptions, context: CommandContext): Promise<number> {
  const { composition, terminal, signal } = context;
  const client = operatorClient(options.state, composition.clock);
  let answer = await client.events({ limit: options.limit }, signal);
  show(options, answer.events, terminal.stdout);
  while (options.follow && !signal.aborted) {
    try {
      answer = await client.events({ after: answer.next, limit: 100, waitMs }, signal);
    } catch (error) {
      if (signal.aborted) return 0;
      throw error;
    }
    show(options, answer.events, terminal.stdout);
  }
  return 0;
}

function show({ json }: EventsOptions, found: readonly EventDescription[], stdout: Output): void {
  for (const event of found) stdout.write(json ? `${JSON.stringify(event)}\n` : line(event, stdout));
}

/** `12:00:05  Task State Change       default/4f2a…  RUNNING (wanted: RUNNING)` */
function line(event: EventDescription, stdout: Output): string {
  const kind = event['detail-type'].replace(/^(ECS|CloudWatch) /, '').padEnd(31);
  const resource = (event.resources[0] ?? '').split(/:(?=[^:]*$)/).at(-1) ?? '';
  const { text, colour } = summary(event.detail);
  return `${paint(stdout, 'dim', event.time.slice(11, 19))}  ${kind}  ${resource}  ${
    colour === undefined ? text : paint(stdout, colour, text)
  }\n`;
}

const colours: Readonly<Record<string, Colour>> = {
  ERROR: 'red',
  ALARM: 'red',
  WARN: 'yellow',
  RUNNING: 'green',
};

/** What changed, in a few words. */
function summary(detail: Readonly<Record<string, unknown>>): { text: string; colour: Colour | undefined } {
  const text = (name: string): string | undefined => {
    const value = detail[name];
    return typeof value === 'string' ? value : undefined;
  };
  const coloured = (key: string | undefined, words: string) => ({ text: words, colour: colours[key ?? ''] });
  const name = text('eventName');
  if (name !== undefined) {
    const reason = text('reason');
    return coloured(text('eventType'), reason === undefined ? name : `${name}: ${reason}`);
  }
  const lastStatus = text('lastStatus');
  if (lastStatus !== undefined) {
    const why = text('stoppedReason') ?? `wanted: ${text('desiredStatus')}`;
    return coloured(lastStatus, `${lastStatus} (${why})`);
  }
  if (typeof detail.agentConnected === 'boolean') {
    const agent = detail.agentConnected ? 'connected' : 'disconnected';
    const counts = `${detail.runningTasksCount} running, ${detail.pendingTasksCount} pending`;
    return coloured(undefined, `${text('status')}, agent ${agent}, ${counts}`);
  }
  const state = detail.state;
  if (typeof state === 'object' && state !== null && 'value' in state && 'reason' in state)
    return coloured(String(state.value), `${state.value}: ${state.reason}`);
  return coloured(undefined, JSON.stringify(detail));
}
