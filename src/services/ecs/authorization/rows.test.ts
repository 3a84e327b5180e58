import * as sdk from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Case, casesIn, type KeyValues } from './testing/cases.ts';
import { arn, type Harbor, openHarbor, user } from './testing/harbor.ts';
import { listedKeys, untagged } from './testing/listed-keys.ts';

let harbor: Harbor;
let cases: Readonly<Record<string, Case>>;
beforeAll(async () => {
  harbor = await openHarbor();
  cases = casesIn(harbor.world);
});
afterAll(() => harbor[Symbol.asyncDispose]());

const names = Object.keys(listedKeys);

function caseOf(operation: string): Case {
  const found = cases[operation];
  if (found === undefined) throw new Error(`${operation} has no case: add one to testing/cases.ts`);
  return found;
}

/** As ada. @returns what she is told, or undefined when she was let through. */
async function ask(operation: string): Promise<string | undefined> {
  const Command = (sdk as unknown as Record<string, new (input: object) => sdk.ListClustersCommand>)[
    `${operation}Command`
  ];
  if (Command === undefined) throw new Error(`The SDK has no ${operation}`);
  harbor.reached();
  try {
    await harbor.ada.send(new Command(caseOf(operation).input));
  } catch (error) {
    if (!(error instanceof sdk.ECSServiceException) || error.name !== 'AccessDeniedException') throw error;
    expect(harbor.reached()).toEqual([]);
    expect(error.$response?.statusCode).toBe(403);
    return error.message;
  }
  expect(harbor.reached()).toEqual([operation]);
  return undefined;
}

const denial = (action: string, resource: string): string =>
  `User: ${user} is not authorized to perform: ${action} on resource: ${resource} ` +
  `because no identity-based policy allows the ${action} action`;

interface Statement {
  readonly Action: string;
  readonly Resource: string;
  readonly Condition?: object;
}

/** Exactly what an operation needs, on each of its resources and besides. */
function needed(operation: string): Statement[] {
  const { on, besides = [] } = caseOf(operation);
  return [
    ...on.map((Resource) => ({ Action: `ecs:${operation}`, Resource })),
    ...besides.map(({ action, on: Resource, keys }) => ({
      Action: action,
      Resource,
      Condition: equals(keys),
    })),
  ];
}

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

test('every operation that is supported has a case and a list of AWS’s condition keys', () => {
  const supported = [...harbor.operations].flatMap(([name, entry]) => ('refused' in entry ? [] : [name]));
  expect(Object.keys(cases).sort()).toEqual(supported.sort());
  expect([...names].sort()).toEqual(supported.sort());
});

test.each(names)('%s has the condition keys that AWS lists', (operation) => {
  const { keys = {} } = caseOf(operation);
  const given = new Set(Object.keys(keys).map((key) => key.split('/')[0]));
  if (untagged.includes(operation)) for (const key of ['aws:ResourceTag', 'ecs:ResourceTag']) given.add(key);
  expect([...given].sort()).toEqual([...(listedKeys[operation] ?? [])].sort());
});

test.each(names)('%s: nobody may who has no policy', async (operation) => {
  await harbor.allow();
  expect(await ask(operation)).toBe(denial(`ecs:${operation}`, caseOf(operation).on[0] ?? ''));
});

test.each(names)('%s: with exactly what it needs it is allowed, without any of it not', async (operation) => {
  const statements = needed(operation);
  await harbor.allow(...statements);
  expect(await ask(operation)).toBeUndefined();
  for (const [index, { Action, Resource }] of statements.entries()) {
    const other = Resource === '*' ? arn('cluster/harbor') : `${Resource}-other`;
    await harbor.allow(...statements.toSpliced(index, 1, { Action, Resource: other }));
    expect(await ask(operation)).toBe(denial(Action, Resource));
  }
});

test.each(names)('%s: a condition on any of its keys holds or does not', async (operation) => {
  const { on, keys = {}, besides = [] } = caseOf(operation);
  const statements = needed(operation);
  const last = on.length - 1;
  const under = (index: number, key: string, value: string | readonly string[]) => {
    const [statement] = statements.slice(index, index + 1);
    const Condition = equals({ [key]: value });
    return harbor.allow(
      ...statements.toSpliced(index, 1, { Action: '', Resource: '', ...statement, Condition }),
    );
  };
  const conditions = [
    ...Object.entries(keys).map(([key, value]) => ({ index: last, key, value })),
    ...besides.flatMap((each, index) =>
      Object.entries(each.keys).map(([key, value]) => ({ index: on.length + index, key, value })),
    ),
  ];
  for (const { index, key, value } of conditions) {
    await under(index, key.toUpperCase(), value);
    expect(await ask(operation), `${key} is ${value}`).toBeUndefined();
    await under(index, key, typeof value === 'string' ? `${value}-other` : ['other']);
    const { Action = '', Resource = '' } = statements[index] ?? {};
    expect(await ask(operation), `${key} is not ${value}`).toBe(denial(Action, Resource));
  }
});
