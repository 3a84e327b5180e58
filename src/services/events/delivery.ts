import { backoffMs } from '../../clock/index.ts';
import type { EventsContext } from './context.ts';
import type { Event } from './event.ts';
import { partOf } from './input-path.ts';
import { matches, type Pattern, parsePattern } from './pattern/index.ts';
import { type RuleRecord, rulePrefix, rules, type TargetRecord } from './records.ts';

const pageLength = 100;

/**
 * Hands events to the targets of the rules that they match, in order. How far it has come is kept in the log, so
 * that the end of the process repeats an event at most and skips none. A log group that is not there loses the
 * event, as AWS drops what it can't deliver; any other failure is tried again.
 */
export class Delivery implements AsyncDisposable {
  readonly #context: EventsContext;
  readonly #patterns = new Map<string, Pattern>();
  readonly #closing = new AbortController();
  readonly #subscription: Disposable;
  #running: Promise<void> | undefined;
  #isDue = false;

  constructor(context: EventsContext) {
    this.#context = context;
    this.#subscription = context.eventLog.onAppend(() => this.#wake());
    this.#wake();
  }

  /** Resolves when all that was appended so far is delivered. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#subscription[Symbol.dispose]();
    this.#closing.abort(new Error('The delivery of events ends'));
    await this.#running;
  }

  #wake(): void {
    this.#isDue = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    const { clock, random, log } = this.#context;
    let failures = 0;
    while (this.#isDue && !this.#closing.signal.aborted) {
      this.#isDue = false;
      try {
        while (await this.#deliverPage()) if (this.#closing.signal.aborted) return;
        failures = 0;
      } catch (error) {
        failures += 1;
        this.#isDue = true;
        log.warn('An event could not be delivered and is tried again', { error });
        const waitMs = backoffMs(failures, random, { leastMs: 500, mostMs: 60_000 });
        await clock.sleep(waitMs, this.#closing.signal).catch(() => {});
      }
    }
  }

  /** @returns whether there may be more. */
  async #deliverPage(): Promise<boolean> {
    const { eventLog, state } = this.#context;
    if (state.list(rules)[Symbol.iterator]().next().done) {
      eventLog.delivered = eventLog.last;
      return false;
    }
    const page = eventLog.read(eventLog.delivered, pageLength);
    const last = page.at(-1);
    if (last === undefined) return false;
    let reached = eventLog.delivered;
    try {
      for (const { sequence, event } of page) {
        await this.#deliver(event);
        reached = sequence;
      }
    } finally {
      if (reached > eventLog.delivered) eventLog.delivered = reached;
    }
    return page.length === pageLength;
  }

  async #deliver(event: Event): Promise<void> {
    const { state } = this.#context;
    const scope = { accountId: event.account, region: event.region };
    for (const { value: rule } of state.list(rules, rulePrefix(scope))) {
      if (!rule.isEnabled || rule.targets.length === 0 || !matches(this.#patternOf(rule), event)) continue;
      for (const target of rule.targets) await this.#handTo(target, rule, event);
    }
  }

  async #handTo(target: TargetRecord, rule: RuleRecord, event: Event): Promise<void> {
    const { writeToLogGroup, log } = this.#context;
    const scope = { accountId: event.account, region: event.region };
    const place = { group: target.logGroup, stream: rule.name };
    const message = messageFor(target, event);
    if (message === undefined) return;
    const isThere = await writeToLogGroup(scope, place, { timestamp: Date.parse(event.time), message });
    if (!isThere)
      log.warn('An event was dropped: its rule names a log group that does not exist', {
        rule: rule.name,
        logGroup: target.logGroup,
      });
  }

  /** Each pattern is parsed once; a rule has a few over its life. */
  #patternOf({ eventPattern }: RuleRecord): Pattern {
    let pattern = this.#patterns.get(eventPattern);
    if (pattern === undefined) {
      if (this.#patterns.size >= maxPatterns) this.#patterns.clear();
      pattern = parsePattern(eventPattern);
      this.#patterns.set(eventPattern, pattern);
    }
    return pattern;
  }
}

const maxPatterns = 1_000;

/** What a target gets of an event; undefined when its path leads nowhere. */
function messageFor({ input, inputPath }: TargetRecord, event: Event): string | undefined {
  if (input !== undefined) return input;
  const part = inputPath === undefined ? event : partOf(event, inputPath);
  return part === undefined ? undefined : JSON.stringify(part);
}
