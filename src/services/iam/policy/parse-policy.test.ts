import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PolicyKind } from './document.ts';
import { MalformedPolicy } from './malformed-policy.ts';
import { parsePolicy } from './parse-policy.ts';

const allow = { Effect: 'Allow', Action: 'ecs:RunTask', Resource: '*' };
const policy = (...statements: object[]) => ({ Version: '2012-10-17', Statement: statements });
const withResource = (Resource: unknown) => policy({ ...allow, Resource });
const withAction = (Action: unknown) => policy({ ...allow, Action });
const withCondition = (Condition: unknown) => policy({ ...allow, Condition });

function reasonOf(document: unknown, kind: PolicyKind = 'identity'): string | undefined {
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  try {
    parsePolicy(text, kind);
    return undefined;
  } catch (error) {
    if (error instanceof MalformedPolicy) return error.message;
    throw error;
  }
}

describe('a policy is accepted', () => {
  it.each<[string, unknown]>([
    ['with one statement that is no list', { Version: '2012-10-17', Statement: allow }],
    ['without a version', { Statement: [allow] }],
    ['of 2008', { Version: '2008-10-17', Id: 'old', Statement: [allow] }],
    ['with an empty Sid twice', policy({ ...allow, Sid: '' }, { ...allow, Sid: '' })],
    ['with NotAction and NotResource', policy({ Effect: 'Deny', NotAction: ['iam:*'], NotResource: ['*'] })],
    ['with * as vendor', withAction('*:*')],
    ['with an ARN of fewer segments', withResource('arn:aws:sqs')],
    ['with a partition that is any', withResource('arn:*:ecs:*:*:task/*')],
    ['with variables in the ARN', withResource('arn:aws:iam::111122223333:user/${aws:username}')],
    [
      'with numbers and truth values',
      withCondition({ NumericLessThan: { 'a:b': 5 }, Bool: { 'a:c': [true] } }),
    ],
    ['with an unknown operator that says nothing', withCondition({ Fuzzy: {} })],
    ['with qualifier and IfExists', withCondition({ 'ForAllValues:StringLikeIfExists': { 'a:b': ['x'] } })],
    ['with an empty Condition', withCondition({})],
    ['with a year as date', withCondition({ DateLessThan: { 'aws:CurrentTime': '2030' } })],
  ])('%s', (_, document) => {
    expect(reasonOf(document)).toBeUndefined();
  });
});

const syntax = 'Syntax errors in policy.';
const legacy = 'The policy failed legacy parsing';
const unprefaced = 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.';

describe('an identity policy is refused', () => {
  it.each<[string, unknown, string]>([
    ['that is not JSON', '{"Version":', syntax],
    ['that is empty', '', syntax],
    ['that is a list', '[]', syntax],
    ['with text after its end', `${JSON.stringify(policy(allow))} x`, syntax],
    ['with a trailing comma', '{"Statement":[],}', syntax],
    ['with a bare line break in a string', '{"Version":"2012-\n10-17","Statement":[]}', syntax],
    [
      'with a name that stands twice',
      '{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}',
      syntax,
    ],
    ['with a member that is not known', { ...policy(allow), Sid: 'x' }, syntax],
    ['with a member in a statement that is not known', policy({ ...allow, Actions: [] }), syntax],
    ['without statements', policy(), syntax],
    ['without Statement', { Version: '2012-10-17' }, syntax],
    ['without Effect', policy({ Action: '*', Resource: '*' }), syntax],
    ['of another version', { Version: '2012-10-18', Statement: allow }, syntax],
    ['with Action and NotAction', policy({ ...allow, NotAction: 'a:b' }), syntax],
    ['with Resource and NotResource', policy({ ...allow, NotResource: '*' }), syntax],
    ['with a number as Action', withAction(1), syntax],
    ['with null as Resource', withResource(null), syntax],
    ['with a number as Sid', policy({ ...allow, Sid: 1 }), syntax],
    ['with another Effect', policy({ ...allow, Effect: 'Maybe' }), syntax],
    ['with an operator that is not known', withCondition({ StringAlmost: { 'a:b': 'c' } }), syntax],
    ['with NullIfExists', withCondition({ NullIfExists: { 'a:b': 'true' } }), syntax],
    ['with an object as value', withCondition({ StringEquals: { 'a:b': {} } }), syntax],
    ['with an inherited name as operator', withCondition({ constructor: { 'a:b': 'c' } }), syntax],
    ['with Effect in the wrong case', policy({ ...allow, Effect: 'allow' }), legacy],
    ['with a date that is none', withCondition({ DateLessThan: { 'a:b': 'tomorrow' } }), legacy],
    ['with a day that does not exist', withCondition({ DateEquals: { 'a:b': '2026-02-30' } }), legacy],
    ['with :: in an ARN of too few segments', withResource('arn:aws:s3::bucket'), legacy],
    ['without a vendor in the ARN', withResource('arn:aws::us-east-1:111122223333:x'), legacy],
    [
      'with a Sid twice',
      policy({ ...allow, Sid: 'a' }, { ...allow, Sid: 'a' }),
      'Statement IDs (SID) in a single policy must be unique.',
    ],
    ['without actions', policy({ Effect: 'Allow', Resource: '*' }), 'Policy statement must contain actions.'],
    ['with no action in the list', withAction([]), 'Policy statement must contain actions.'],
    [
      'with a resource that is no ARN',
      withResource('cluster/blue'),
      'Resource cluster/blue must be in ARN format or "*".',
    ],
    [
      'with another partition',
      withResource('arn:gcp:ecs:x'),
      'Partition "gcp" is not valid for resource "arn:gcp:ecs:x:*:*".',
    ],
    [
      'with a wildcard as vendor',
      withResource('arn:aws:*:us-east-1:1:x'),
      'Resource vendor must be fully qualified and cannot contain regexes.',
    ],
    [
      'with a region in an IAM ARN',
      withResource('arn:aws:iam:us-east-1:111122223333:user/x'),
      'IAM resource arn:aws:iam:us-east-1:111122223333:user/x cannot contain region information.',
    ],
    [
      'with a region in an S3 ARN',
      withResource('arn:aws:s3:us-east-1::b'),
      'Resource arn:aws:s3:us-east-1::b can not contain region information.',
    ],
    ['with an action without vendor', withAction('RunTask'), unprefaced],
    ['with a condition key without vendor', withCondition({ StringEquals: { team: 'x' } }), unprefaced],
    ['with two colons in an action', withAction('a:b:c'), 'Actions/Condition can contain only one colon.'],
    ['with a vendor that is none', withAction('e*s:RunTask'), 'Vendor e*s is not valid'],
    ['with an action that is empty', withAction('ecs:'), 'Action cannot be empty!'],
    [
      'without resources',
      policy({ Effect: 'Allow', Action: '*' }),
      'Policy statement must contain resources.',
    ],
    [
      'with a principal',
      policy({ ...allow, Principal: '*' }),
      'Policy document should not specify a principal.',
    ],
    [
      'with a Sid of other characters',
      policy({ ...allow, Sid: 'a b' }),
      'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
    ],
  ])('%s', (_, document, reason) => {
    expect(reasonOf(document)).toBe(reason);
  });

  it('by the rule that IAM asks first, whichever statement breaks it', () => {
    const noAction = { Effect: 'Allow', Resource: '*' };
    expect(reasonOf(policy({ ...allow, Action: 'x' }, noAction))).toBe(
      'Policy statement must contain actions.',
    );
  });

  it('with an IAM path that is no path of IAM', () => {
    expect(reasonOf(withResource('arn:aws:iam::111122223333:boat/x'))).toBe(
      'IAM resource path must either be "*" or start with user/, federated-user/, role/, group/, ' +
        'instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/.',
    );
  });
});

describe('a policy with principals', () => {
  const trust = (Principal: unknown, more: object = {}) =>
    policy({ Effect: 'Allow', Principal, Action: 'sts:AssumeRole', ...more });

  it.each<[unknown, string | undefined]>([
    [{ Service: 'ecs-tasks.amazonaws.com' }, undefined],
    [{ AWS: ['111122223333', 'arn:aws:iam::111122223333:root'] }, undefined],
    [{ AWS: 'arn:aws:iam::111122223333:user/team/ada' }, undefined],
    [{ AWS: 'arn:aws:sts::111122223333:assumed-role/crew/ada' }, undefined],
    [{ Federated: 'arn:aws:iam::111122223333:oidc-provider/oidc.example/id/1' }, undefined],
    [{ Federated: 'cognito-identity.amazonaws.com' }, undefined],
    ['*', undefined],
    [{}, 'Missing required field Principal'],
    [
      { AWS: 'arn:aws:iam::111122223333:user/*' },
      'Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:user/*"',
    ],
    [
      { AWS: 'arn:aws:iam::111122223333:group/g' },
      'Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:group/g"',
    ],
    [{ Service: '*' }, 'Invalid principal in policy: "SERVICE":"*"'],
    [{ Federated: 'nobody' }, 'Federated principals must be valid domain names or SAML metadata ARNs'],
    ['111122223333', syntax],
    [{ Boat: 'x' }, syntax],
  ])('a trust policy with %j: %s', (principal, reason) => {
    expect(reasonOf(trust(principal), 'trust')).toBe(reason);
  });

  it.each<[string, unknown, PolicyKind, string]>([
    [
      'a trust policy has no Resource',
      trust('*', { Resource: '*' }),
      'trust',
      'Has prohibited field Resource.',
    ],
    [
      'a trust policy is about assuming alone',
      trust('*', { Action: 'ecs:RunTask' }),
      'trust',
      'AssumeRole policy may only specify STS AssumeRole actions.',
    ],
    ['a resource policy names somebody', policy(allow), 'resource', 'Missing required field Principal'],
  ])('%s', (_, document, kind, reason) => {
    expect(reasonOf(document, kind)).toBe(reason);
  });
});

describe('hostile documents', () => {
  it.each(['[', '{"a":', '{"Statement":[', '[[{"a":['])('nested without end: %s', (open) => {
    expect(reasonOf(open.repeat(50_000))).toBe(syntax);
  });

  it('as large as IAM takes them are read', () => {
    const statement = {
      Effect: 'Allow',
      Action: 'ecs:RunTask',
      Resource: 'arn:aws:ecs:*:*:task-definition/a:*',
    };
    const many = Math.floor(130_000 / JSON.stringify(statement).length);
    expect(reasonOf(policy(...Array.from({ length: many }, () => statement)))).toBeUndefined();
  });

  it('never throw anything but the reason', () => {
    const piece = fc.constantFrom(
      ...['{', '}', '[', ']', ',', ':', '"', '\\', '*', '${', ' ', '\n', 'null', '1e9', 'true'],
      ...['"Statement"', '"Effect"', '"Allow"', '"Action"', '"Resource"', '"arn:aws:iam::"', '"Condition"'],
      ...['"StringLike"', '"__proto__"', '"Principal"', '"2012-10-17"', '"Version"'],
    );
    const kind = fc.constantFrom<PolicyKind>('identity', 'resource', 'trust');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), kind, (pieces, as) => {
        expect(typeof reasonOf(pieces.join(''), as)).toBe('string');
      }),
      { numRuns: 5_000 },
    );
    fc.assert(
      fc.property(fc.json(), kind, (text, as) => {
        expect(typeof reasonOf(text, as)).toBe('string');
      }),
    );
  });

  it('reads the same JSON as JSON.parse where that is all there is to it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (sid) => {
        const [statement] = parsePolicy(
          JSON.stringify(policy({ ...allow, Condition: { StringEquals: { 'a:b': sid } } }), null, 2),
          'identity',
        ).statements;
        expect(statement?.conditions[0]?.values).toEqual([sid]);
      }),
    );
  });
});
