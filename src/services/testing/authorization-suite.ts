import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClientSettings, type Guarded, user } from './guarded.ts';

/** A request and what it must be allowed, written out: nothing here is worked out by the rows that it is held against. */
export interface Case {
  readonly input: object;
  /** The ARNs its action is on, in the order in which they are asked for. */
  readonly on: readonly string[];
  /** The condition keys that there are for the last of `on`, with their values. */
  readonly keys?: KeyValues;
  /** What it asks for besides. */
  readonly besides?: readonly { readonly action: string; readonly on: string; readonly keys: KeyValues }[];
}

export type KeyValues = Readonly<Record<string, string | readonly string[]>>;

interface Client {
  send(command: never): Promise<unknown>;
  destroy(): void;
}

interface Subject<World> {
  /** Of actions, e.g. `ecs`. */
  readonly prefix: string;
  readonly sdk: object;
  readonly open: () => Promise<Guarded<World>>;
  readonly client: (settings: ClientSettings) => Client;
  /** By the operations' names. An operation of the table that has none fails the suite. */
  readonly casesIn: (world: World) => Readonly<Record<string, Case>>;
  /** The condition keys that AWS lists for each action; tag keys without their `/${TagKey}`. */
  readonly listedKeys: Readonly<Record<string, readonly string[]>>;
  /** Keys that AWS lists and a case can't have, by operation. */
  readonly without?: Readonly<Record<string, readonly string[]>>;
  /** In which a refusal is told. */
  readonly denied: {
    readonly name: string;
    readonly status: number;
    /** Where a service says more: AWS's sentence, out of its message. */
    readonly sentence?: (message: string) => string;
  };
}

interface Statement {
  readonly Action: string;
  readonly Resource: string;
  readonly Condition?: object;
}

/**
 * Asks for each operation of a service over HTTP: with no policy, with exactly what it needs, without each part of that,
 * and under a condition on each of its keys that holds or does not.
 */
export function authorizationSuite<World>(subject: Subject<World>): void {
  const { prefix, listedKeys, without = {} } = subject;
  let guarded: Guarded<World>;
  let cases: Readonly<Record<string, Case>>;
  let client: Client;
  beforeAll(async () => {
    guarded = await subject.open();
    cases = subject.casesIn(guarded.world);
    client = subject.client(guarded.ada);
  });
  afterAll(async () => {
    client.destroy();
    await guarded[Symbol.asyncDispose]();
  });

  const names = Object.keys(listedKeys);

  function caseOf(operation: string): Case {
    const found = cases[operation];
    if (found === undefined) throw new Error(`${operation} has no case: add one to the cases`);
    return found;
  }

  /** As ada. @returns what she is told, or undefined when she was let through. */
  async function ask(operation: string): Promise<string | undefined> {
    const Command = (subject.sdk as Readonly<Record<string, new (input: object) => never>>)[
      `${operation}Command`
    ];
    if (Command === undefined) throw new Error(`The SDK has no ${operation}`);
    guarded.reached();
    try {
      await client.send(new Command(caseOf(operation).input));
    } catch (error) {
      if (!(error instanceof Error) || error.name !== subject.denied.name) throw error;
      expect(error).toMatchObject({ $metadata: { httpStatusCode: subject.denied.status } });
      expect(guarded.reached()).toEqual([]);
      return subject.denied.sentence?.(error.message) ?? error.message;
    }
    expect(guarded.reached()).toEqual([operation]);
    return undefined;
  }

  /** Exactly what an operation needs, on each of its resources and besides. */
  function needed(operation: string): Statement[] {
    const { on, besides = [] } = caseOf(operation);
    return [
      ...on.map((Resource) => ({ Action: `${prefix}:${operation}`, Resource })),
      ...besides.map(({ action, on: Resource, keys }) => ({
        ...{ Action: action, Resource, Condition: equals(keys) },
      })),
    ];
  }

  test('every operation that is supported has a case and a list of AWS’s condition keys', () => {
    const supported = [...guarded.operations].flatMap(([name, entry]) => ('refused' in entry ? [] : [name]));
    expect(Object.keys(cases).sort()).toEqual(supported.sort());
    expect([...names].sort()).toEqual(supported.sort());
  });

  test.each(names)('%s has the condition keys that AWS lists', (operation) => {
    const { keys = {} } = caseOf(operation);
    const given = new Set(Object.keys(keys).map((key) => key.split('/')[0]));
    for (const key of without[operation] ?? []) given.add(key);
    expect([...given].sort()).toEqual([...(listedKeys[operation] ?? [])].sort());
  });

  test.each(names)('%s: nobody may who has no policy', async (operation) => {
    await guarded.allow();
    expect(await ask(operation)).toBe(denial(`${prefix}:${operation}`, caseOf(operation).on[0] ?? ''));
  });

  test.each(names)(
    '%s: with exactly what it needs it is allowed, without any of it not',
    async (operation) => {
      const statements = needed(operation);
      await guarded.allow(...statements);
      expect(await ask(operation)).toBeUndefined();
      for (const [index, { Action, Resource }] of statements.entries()) {
        const other = Resource === '*' ? `arn:aws:${prefix}:*:*:other` : `${Resource}-other`;
        await guarded.allow(...statements.toSpliced(index, 1, { Action, Resource: other }));
        expect(await ask(operation)).toBe(denial(Action, Resource));
      }
    },
  );

  test.each(names)('%s: a condition on any of its keys holds or does not', async (operation) => {
    const { on, keys = {}, besides = [] } = caseOf(operation);
    const statements = needed(operation);
    const conditions = [
      ...Object.entries(keys).map(([key, value]) => ({ index: on.length - 1, key, value })),
      ...besides.flatMap((each, index) =>
        Object.entries(each.keys).map(([key, value]) => ({ index: on.length + index, key, value })),
      ),
    ];
    for (const { index, key, value } of conditions) {
      const { Action = '', Resource = '' } = statements[index] ?? {};
      const under = (name: string, wanted: string | readonly string[]) => {
        const Condition = equals({ [name]: wanted });
        return guarded.allow(...statements.toSpliced(index, 1, { Action, Resource, Condition }));
      };
      await under(key.toUpperCase(), value);
      expect(await ask(operation), `${key} is ${value}`).toBeUndefined();
      await under(key, typeof value === 'string' ? `${value}-other` : ['other']);
      expect(await ask(operation), `${key} is not ${value}`).toBe(denial(Action, Resource));
    }
  });
}

/** AWS's words. */
export const denial = (action: string, resource: string): string =>
  `User: ${user} is not authorized to perform: ${action} on resource: ${resource} ` +
  `because no identity-based policy allows the ${action} action`;

/** A condition that all of these keys are there and have no other values. */
function equals(keys: KeyValues): object {
  const lists = Object.entries(keys).filter(([, value]) => typeof value !== 'string');
  const single = Object.entries(keys).filter(([, value]) => typeof value === 'string');
  return {
    ...(single.length > 0 && { StringEquals: Object.fromEntries(single) }),
    ...(lists.length > 0 && {
      'ForAllValues:StringEquals': Object.fromEntries(lists),
      Null: Object.fromEntries(lists.map(([key]) => [key, 'false'])),
    }),
  };
}
