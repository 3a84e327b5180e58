import { readOperatorName } from './condition-operators.ts';
import type {
  Complementable,
  Condition,
  PolicyDocument,
  PolicyKind,
  PrincipalName,
  Statement,
} from './document.ts';
import { type Located, readLocatedJson } from './located-json.ts';
import { legacyParsingError, syntaxError } from './malformed-policy.ts';
import { checkMeaning } from './policy-rules.ts';

/**
 * Reads a policy as IAM does: first its form, then (`policy-rules.ts`) what it says.
 *
 * @throws {MalformedPolicy} with the first reason, in the order in which IAM finds them.
 */
export function parsePolicy(text: string, kind: PolicyKind): PolicyDocument {
  const document = readDocument(readLocatedJson(text));
  checkMeaning(document, kind);
  return document;
}

function readDocument(located: Located): PolicyDocument {
  const { members } = objectOf(located, ['Version', 'Id', 'Statement']);
  const id = members.get('Id');
  if (id !== undefined) stringOf(id);
  const version = members.get('Version');
  const statement = members.get('Statement');
  if (statement === undefined) throw syntaxError();
  const statements = statement.type === 'array' ? statement.items : [statement];
  if (statements.length === 0) throw syntaxError();
  return {
    version: version === undefined ? '2008-10-17' : versionOf(stringOf(version)),
    statements: statements.map(readStatement),
  };
}

function versionOf(text: string): PolicyDocument['version'] {
  if (text !== '2008-10-17' && text !== '2012-10-17') throw syntaxError();
  return text;
}

function readStatement(located: Located): Statement {
  const { members, span } = objectOf(located, [
    'Sid',
    'Effect',
    'Principal',
    'NotPrincipal',
    'Action',
    'NotAction',
    'Resource',
    'NotResource',
    'Condition',
  ]);
  const sid = members.get('Sid');
  const effect = members.get('Effect');
  if (effect === undefined) throw syntaxError();
  const principal = oneOfTwo(members, 'Principal', readPrincipal);
  const resource = oneOfTwo(members, 'Resource', stringsOf);
  const condition = members.get('Condition');
  return {
    ...(sid !== undefined && { sid: stringOf(sid) }),
    effect: effectOf(stringOf(effect)),
    ...(principal !== undefined && { principal }),
    action: oneOfTwo(members, 'Action', stringsOf) ?? { isNot: false, values: [] },
    ...(resource !== undefined && { resource }),
    conditions: condition === undefined ? [] : readConditions(condition),
    span,
  };
}

function effectOf(text: string): Statement['effect'] {
  if (text === 'Allow' || text === 'Deny') return text;
  throw /^(?:allow|deny)$/i.test(text) ? legacyParsingError() : syntaxError();
}

/** `Action` or `NotAction`: one of them, never both. */
function oneOfTwo<T>(
  members: ReadonlyMap<string, Located>,
  name: string,
  read: (located: Located) => readonly T[],
): Complementable<T> | undefined {
  const plain = members.get(name);
  const complement = members.get(`Not${name}`);
  if (plain !== undefined && complement !== undefined) throw syntaxError();
  if (plain !== undefined) return { isNot: false, values: read(plain) };
  return complement === undefined ? undefined : { isNot: true, values: read(complement) };
}

const principalTypes = ['AWS', 'Service', 'Federated', 'CanonicalUser'] as const;

function readPrincipal(located: Located): readonly PrincipalName[] {
  if (located.type === 'string') {
    if (located.text !== '*') throw syntaxError();
    return [{ type: '*', value: '*' }];
  }
  const { members } = objectOf(located, principalTypes);
  return principalTypes.flatMap((type) => {
    const names = members.get(type);
    return names === undefined ? [] : stringsOf(names).map((value) => ({ type, value }));
  });
}

function readConditions(located: Located): readonly Condition[] {
  const conditions: Condition[] = [];
  for (const [operator, block] of objectOf(located).members) {
    const keys = objectOf(block).members;
    const known = readOperatorName(operator);
    // IAM lets an operator that it does not know pass where the block says nothing.
    if (known === undefined && keys.size > 0) throw syntaxError();
    for (const [key, values] of keys) conditions.push({ operator, key, values: scalarsOf(values) });
  }
  return conditions;
}

/** @param known The names it may have; any where omitted. */
function objectOf(located: Located, known?: readonly string[]): Located & { readonly type: 'object' } {
  if (located.type !== 'object') throw syntaxError();
  if (known !== undefined) {
    for (const name of located.members.keys()) if (!known.includes(name)) throw syntaxError();
  }
  return located;
}

function stringOf(located: Located): string {
  if (located.type !== 'string') throw syntaxError();
  return located.text;
}

function stringsOf(located: Located): readonly string[] {
  return located.type === 'array' ? located.items.map(stringOf) : [stringOf(located)];
}

/** A condition's values may be written as text, number or truth value. */
function scalarsOf(located: Located): readonly string[] {
  const items = located.type === 'array' ? located.items : [located];
  return items.map((item) => {
    if (item.type === 'string' || item.type === 'number' || item.type === 'boolean') return item.text;
    throw syntaxError();
  });
}
