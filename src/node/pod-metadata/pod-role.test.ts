import { describe, expect, it } from 'vitest';
import { refusalOf, roleArn, roleOf, sessionOf } from './pod-role.ts';

const base = 'arn:aws:iam::111122223333:role/';
const other = 'arn:aws:iam::444455556666:role/reader';
const pod = (role: string) => ({ 'iam.amazonaws.com/role': role });
const permitted = (expression: string) => ({ 'iam.amazonaws.com/permitted': expression });

it.each([
  ['reader', `${base}reader`],
  ['/app/reader', `${base}app/reader`],
  ['app/reader', `${base}app/reader`],
  [other, other],
])('a role %s is %s', (role, arn) => {
  expect(roleArn(role, base)).toBe(arn);
});

describe('a pod gets the role', () => {
  it.each([
    ['reader', 'reader', '.*'],
    ['of an ARN', other, '.*'],
    ['reader', 'reader', `${base}reader`],
    ['by another spelling', `${base}reader`, `.*/reader`],
    ['of one of two expressions', 'reader', '.*/writer|.*/reader'],
  ])('%s (%s) where its namespace permits %s', (_, role, expression) => {
    const asked = role.startsWith(base) ? 'reader' : role;
    expect(refusalOf(asked, pod(role), permitted(expression), base)).toBeUndefined();
  });
});

describe('a pod does not get', () => {
  it.each([
    [
      'another role than its own',
      'writer',
      pod('reader'),
      permitted('.*'),
      /^requested 'writer' but annotated with 'reader', forbidden$/,
    ],
    [
      'any role without an annotation',
      'reader',
      undefined,
      permitted('.*'),
      /^requested 'reader' but annotated with '', forbidden$/,
    ],
    [
      ...(['a role that its namespace says nothing of', 'reader', pod('reader'), undefined] as const),
      `namespace policy expression '(empty)' forbids role '${base}reader'`,
    ],
    [
      'a role by an empty expression',
      'reader',
      pod('reader'),
      permitted(''),
      /expression '\(empty\)' forbids/,
    ],
    [
      'a role that only begins so',
      'reader-of-all',
      pod('reader-of-all'),
      permitted('.*/reader'),
      /'\.\*\/reader' forbids role/,
    ],
    ['a role that only ends so', 'reader', pod('reader'), permitted('reader'), /'reader' forbids role/],
    [
      'one of two expressions, unless all of it matches',
      'xreader',
      pod('xreader'),
      permitted('a|reader'),
      /forbids role/,
    ],
    ['a role by an expression that is none', 'reader', pod('reader'), permitted('('), /'\(' forbids role/],
    ['a role of another account by its own name', other, pod('reader'), permitted('.*'), /^requested 'arn/],
  ])('%s', (_, asked, ofPod, ofNamespace, refusal) => {
    const said = refusalOf(asked, ofPod, ofNamespace, base);
    if (typeof refusal === 'string') expect(said).toBe(refusal);
    else expect(said).toMatch(refusal);
  });
});

it('sessions are called as the annotations say, else kiam', () => {
  const named = { 'iam.amazonaws.com/session-name': 'tide', 'iam.amazonaws.com/external-id': 'x' };
  expect(sessionOf(named)).toEqual({ sessionName: 'tide', externalId: 'x' });
  expect(sessionOf(undefined)).toEqual({ sessionName: 'kiam', externalId: undefined });
  expect(roleOf(undefined)).toBe('');
});
