import type { Clock } from '../../src/clock/index.ts';
import { Refusal } from '../../src/protocols/index.ts';
import { type Network, UnknownOutcomeError, UnreachableError } from './network.ts';
import type { Plane } from './plane.ts';
import { SimProcess } from './sim-process.ts';
import type { Trace } from './trace.ts';

export interface ApiOptions {
  readonly time: Clock;
  readonly trace: Trace;
  readonly network: Network;
  readonly plane: Plane;
}

/** What the control plane answered in the end. */
export type Answer = { readonly output: object } | { readonly refusal: Refusal };

/** The API, as users have it: they ask again until they know. */
export class Api {
  readonly #options: ApiOptions;
  readonly #process: SimProcess;

  constructor(options: ApiOptions) {
    this.#options = options;
    this.#process = new SimProcess({
      name: 'user',
      clock: options.time,
      mayDie: () => false,
      onDeath: () => {},
    });
  }

  /** Until it is known what became of it: asking twice does no harm to anything that is asked here. */
  async ask(operation: string, input: object): Promise<Answer> {
    const { network, plane, trace } = this.#options;
    for (;;) {
      try {
        const output = await network.request(
          { process: this.#process, host: 'user' },
          () => plane.listening,
          () => plane.serve(operation, input),
          false,
        );
        trace.say('user', `${operation} ${summary(input)}: done`);
        return { output };
      } catch (error) {
        if (error instanceof Refusal && error.code !== 'ThrottlingException') {
          trace.say('user', `${operation} ${summary(input)}: ${error.code}: ${error.message}`);
          return { refusal: error };
        }
        const isPassing = error instanceof UnreachableError || error instanceof UnknownOutcomeError;
        if (!isPassing && !(error instanceof Refusal)) throw error;
      }
      await this.#process.clock.sleep(1_000);
    }
  }
}

/** The members that tell one request from another, for the trace. */
function summary(input: object): string {
  const { serviceName, service, taskDefinition, desiredCount, count, task, family, status } = input as Record<
    string,
    unknown
  >;
  return [serviceName ?? service ?? task ?? family, taskDefinition, desiredCount ?? count, status]
    .filter((part) => part !== undefined)
    .map((part) => String(part).split('/').at(-1))
    .join(' ');
}
