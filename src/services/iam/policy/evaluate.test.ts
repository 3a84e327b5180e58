import { describe, expect, it } from 'vitest';
import { type CompiledPolicy, compilePolicy } from './compile.ts';
import { denialReason } from './denial.ts';
import type { PolicyKind } from './document.ts';
import { evaluate, type PolicySet } from './evaluate.ts';
import { parsePolicy } from './parse-policy.ts';
import { type PolicyPrincipal, type PolicyRequest, RequestContext } from './request.ts';

const accountId = '111122223333';
const otherAccountId = '444455556666';
const cluster = `arn:aws:ecs:us-east-1:${accountId}:cluster/blue`;
const ada: PolicyPrincipal = { kind: 'user', accountId, arn: `arn:aws:iam::${accountId}:user/ada` };
const crew: PolicyPrincipal = {
  kind: 'role',
  accountId,
  roleArn: `arn:aws:iam::${accountId}:role/crew`,
  arn: `arn:aws:sts::${accountId}:assumed-role/crew/ada`,
};
const root: PolicyPrincipal = { kind: 'root', accountId, arn: `arn:aws:iam::${accountId}:root` };
const service: PolicyPrincipal = { kind: 'service', service: 'ecs.amazonaws.com' };
const anonymous: PolicyPrincipal = { kind: 'anonymous' };

const request = (bent: Partial<PolicyRequest> = {}): PolicyRequest => ({
  action: 'ecs:UpdateCluster',
  resource: cluster,
  resourceAccountId: accountId,
  principal: ada,
  context: new RequestContext(),
  ...bent,
});

function compiled(kind: PolicyKind, statements: readonly object[], version = '2012-10-17'): CompiledPolicy {
  return compilePolicy('p', parsePolicy(JSON.stringify({ Version: version, Statement: statements }), kind));
}

const statement = (Effect: string, bent: object = {}) => ({
  Effect,
  Action: 'ecs:*',
  Resource: '*',
  ...bent,
});
const allows = [compiled('identity', [statement('Allow')])];
const denies = [compiled('identity', [statement('Deny')])];
const silent = [compiled('identity', [statement('Allow', { Action: 'logs:*' })])];
const resource = (Effect: string, Principal: unknown, bent: object = {}) =>
  compiled('resource', [statement(Effect, { Principal, ...bent })]);
const named = (principal: PolicyPrincipal) => ({ AWS: 'arn' in principal ? principal.arn : '' });

describe('a decision over identity policies', () => {
  it.each<[string, object, string]>([
    ['the action in any case', { Action: 'ECS:updatecluster' }, 'allowed'],
    ['a wildcard in the action', { Action: 'ecs:Update?luster' }, 'allowed'],
    ['another action', { Action: 'ecs:DeleteCluster' }, 'implicitDeny'],
    ['NotAction of another', { NotAction: 'iam:*', Action: undefined }, 'allowed'],
    ['NotAction of this', { NotAction: ['iam:*', 'ecs:Update*'], Action: undefined }, 'implicitDeny'],
    ['the resource', { Resource: cluster }, 'allowed'],
    [
      'the resource in another case',
      { Resource: cluster.toUpperCase().replace('ARN:AWS', 'arn:aws') },
      'implicitDeny',
    ],
    ['wildcards within segments', { Resource: 'arn:aws:ecs:*:*:cluster/b*' }, 'allowed'],
    ['a wildcard over segments', { Resource: 'arn:aws:ecs:*:cluster/blue' }, 'implicitDeny'],
    ['an ARN of fewer segments', { Resource: 'arn:aws:ecs' }, 'allowed'],
    ['an empty segment', { Resource: `arn:aws:ecs::${accountId}:cluster/blue` }, 'implicitDeny'],
    ['NotResource of another', { NotResource: 'arn:aws:ecs:*:*:task/*', Resource: undefined }, 'allowed'],
    ['NotResource of this', { NotResource: cluster, Resource: undefined }, 'implicitDeny'],
    ['a variable', { Resource: 'arn:aws:ecs:*:*:cluster/${aws:PrincipalTag/color}' }, 'allowed'],
    ['a variable that is absent', { Resource: 'arn:aws:ecs:*:*:cluster/${aws:username}' }, 'implicitDeny'],
    ['a variable with a default', { Resource: "arn:aws:ecs:*:*:cluster/${aws:username, 'blue'}" }, 'allowed'],
    [
      'a variable before the resource',
      { Resource: 'arn:aws:ecs:*:${aws:PrincipalAccount}:cluster/blue' },
      'implicitDeny',
    ],
    [
      'all conditions',
      { Condition: { StringEquals: { 'aws:principaltag/Color': 'blue' }, Null: { 'aws:username': 'true' } } },
      'allowed',
    ],
    [
      'one condition of two',
      { Condition: { StringEquals: { 'aws:PrincipalTag/color': 'blue', 'aws:x': 'y' } } },
      'implicitDeny',
    ],
  ])('an Allow by %s', (_, bent, decision) => {
    const policies = { identity: [compiled('identity', [statement('Allow', bent)])] };
    const context = new RequestContext([
      ['aws:PrincipalTag/color', 'blue'],
      ['aws:PrincipalAccount', accountId],
    ]);
    expect(evaluate(policies, request({ context })).decision).toBe(decision);
  });

  it.each([
    ['Allow', 'implicitDeny'],
    ['Deny', 'explicitDeny'],
  ])('takes NotResource with an absent variable for the worst: %s gives %s', (effect, decision) => {
    const NotResource = ['arn:aws:ecs:*:*:task/*', 'arn:aws:ecs:*:*:cluster/${aws:username}'];
    const bent = statement(effect, { NotResource, Resource: undefined });
    expect(evaluate({ identity: [compiled('identity', [bent])] }, request()).decision).toBe(decision);
  });

  it('takes NotResource with a variable of many values for the worst, default or not', () => {
    const NotResource = "arn:aws:ecs:*:*:task/${aws:TagKeys, 'a'}";
    const policies = {
      identity: [compiled('identity', [statement('Allow', { NotResource, Resource: undefined })])],
    };
    const context = new RequestContext([['aws:TagKeys', ['a', 'b']]]);
    expect(evaluate(policies, request({ context })).decision).toBe('implicitDeny');
    expect(evaluate(policies, request()).decision).toBe('allowed');
  });

  it('takes variables of a policy of 2008 as text', () => {
    const pattern = 'arn:aws:ecs:*:*:cluster/${aws:username}';
    const policies = {
      identity: [compiled('identity', [statement('Allow', { Resource: pattern })], '2008-10-17')],
    };
    const context = new RequestContext([['aws:username', 'blue']]);
    expect(evaluate(policies, request({ context })).decision).toBe('implicitDeny');
    const literal = 'arn:aws:ecs:us-east-1:111122223333:cluster/${aws:username}';
    expect(evaluate(policies, request({ context, resource: literal })).decision).toBe('allowed');
  });

  it('asks for * where the action has no resource', () => {
    const on = (Resource: string) => ({
      identity: [compiled('identity', [statement('Allow', { Resource })])],
    });
    expect(evaluate(on('*'), request({ resource: '*' })).decision).toBe('allowed');
    expect(evaluate(on('arn:aws:ecs:*:*:*'), request({ resource: '*' })).decision).toBe('implicitDeny');
  });
});

describe('a decision over all types of policy', () => {
  it.each<[string, Partial<PolicySet>, Partial<PolicyRequest>, string]>([
    ['nothing', {}, {}, 'implicitDeny identity'],
    ['an Allow', { identity: allows }, {}, 'allowed'],
    ['an Allow and a Deny', { identity: [...allows, ...denies] }, {}, 'explicitDeny identity'],
    ['the root user without policies', {}, { principal: root }, 'allowed'],
    [
      'the root user and a Deny of the resource',
      { resource: resource('Deny', '*') },
      { principal: root },
      'explicitDeny resource',
    ],
    ['a boundary that allows too', { identity: allows, boundary: allows }, {}, 'allowed'],
    ['a boundary that does not', { identity: allows, boundary: silent }, {}, 'implicitDeny boundary'],
    ['a boundary without anything', { identity: allows, boundary: [] }, {}, 'implicitDeny boundary'],
    ['a boundary alone, which never grants', { boundary: allows }, {}, 'implicitDeny identity'],
    ['a boundary that denies', { identity: allows, boundary: denies }, {}, 'explicitDeny boundary'],
    [
      'a session policy that allows too',
      { identity: allows, session: allows },
      { principal: crew },
      'allowed',
    ],
    [
      'a session policy that does not',
      { identity: allows, session: silent },
      { principal: crew },
      'implicitDeny session',
    ],
    [
      'a session policy that denies',
      { identity: allows, session: denies },
      { principal: crew },
      'explicitDeny session',
    ],
    ['the resource names the user', { resource: resource('Allow', named(ada)) }, {}, 'allowed'],
    [
      'the resource names the user, beyond the boundary',
      { boundary: silent, resource: resource('Allow', named(ada)) },
      {},
      'allowed',
    ],
    [
      'the resource names the user, the identity denies',
      { identity: denies, resource: resource('Allow', named(ada)) },
      {},
      'explicitDeny identity',
    ],
    ['the resource names another', { resource: resource('Allow', named(crew)) }, {}, 'implicitDeny identity'],
    [
      'the resource names the account',
      { resource: resource('Allow', { AWS: accountId }) },
      {},
      'implicitDeny identity',
    ],
    [
      'the resource names the account, the identity allows',
      { identity: allows, resource: resource('Allow', { AWS: root.arn }) },
      {},
      'allowed',
    ],
    [
      'the resource names the session, beyond the session policy',
      { session: silent, resource: resource('Allow', named(crew)) },
      { principal: crew },
      'allowed',
    ],
    [
      'the resource names the role',
      { resource: resource('Allow', { AWS: crew.roleArn }) },
      { principal: crew },
      'allowed',
    ],
    [
      'the resource names the role, within the boundary',
      { boundary: silent, resource: resource('Allow', { AWS: crew.roleArn }) },
      { principal: crew },
      'implicitDeny boundary',
    ],
    [
      'the resource names the role, within the session',
      { session: silent, resource: resource('Allow', { AWS: crew.roleArn }) },
      { principal: crew },
      'implicitDeny session',
    ],
    [
      'the resource names everybody, beyond the boundary',
      { boundary: silent, resource: resource('Allow', '*') },
      {},
      'allowed',
    ],
    ['the resource names everybody', { resource: resource('Allow', '*') }, {}, 'allowed'],
    [
      'everybody, and nobody has signed',
      { resource: resource('Allow', { AWS: '*' }) },
      { principal: anonymous },
      'allowed',
    ],
    [
      'somebody, and nobody has signed',
      { resource: resource('Allow', named(ada)) },
      { principal: anonymous },
      'implicitDeny resource',
    ],
    [
      'the resource names the service',
      { resource: resource('Allow', { Service: 'ecs.amazonaws.com' }) },
      { principal: service },
      'allowed',
    ],
    [
      'the resource names another service',
      { resource: resource('Allow', { Service: 'ec2.amazonaws.com' }) },
      { principal: service },
      'implicitDeny resource',
    ],
    [
      'the resource denies the user',
      { identity: allows, resource: resource('Deny', named(ada)) },
      {},
      'explicitDeny resource',
    ],
    [
      'the resource denies another',
      { identity: allows, resource: resource('Deny', named(crew)) },
      {},
      'allowed',
    ],
  ])('%s', (_, policies, bent, expected) => {
    const { decision, deniedBy } = evaluate({ identity: [], ...policies }, request(bent));
    expect([decision, deniedBy].filter(Boolean).join(' ')).toBe(expected);
  });

  it.each<[string, Partial<PolicySet>, string]>([
    ['one side is silent', { identity: allows }, 'implicitDeny resource'],
    ['the other side is silent', { resource: resource('Allow', named(ada)) }, 'implicitDeny identity'],
    ['both allow', { identity: allows, resource: resource('Allow', named(ada)) }, 'allowed'],
    [
      'the resource names the account',
      { identity: allows, resource: resource('Allow', { AWS: accountId }) },
      'allowed',
    ],
    [
      'the boundary does not',
      { identity: allows, boundary: silent, resource: resource('Allow', named(ada)) },
      'implicitDeny boundary',
    ],
  ])('across accounts, where %s', (_, policies, expected) => {
    const { decision, deniedBy } = evaluate(
      { identity: [], ...policies },
      request({ resource: cluster.replace(accountId, otherAccountId), resourceAccountId: otherAccountId }),
    );
    expect([decision, deniedBy].filter(Boolean).join(' ')).toBe(expected);
  });

  it('NotPrincipal spares from a Deny whom it lists with account, role and session', () => {
    const sparing = (...AWS: (string | undefined)[]) => ({
      identity: allows,
      resource: compiled('resource', [
        {
          Effect: 'Deny',
          NotPrincipal: { AWS: AWS.filter((it) => it !== undefined) },
          Action: '*',
          Resource: '*',
        },
      ]),
    });
    const asked = request({ principal: crew });
    expect(evaluate(sparing(crew.arn), asked).decision).toBe('explicitDeny');
    expect(evaluate(sparing(crew.arn, crew.roleArn), asked).decision).toBe('explicitDeny');
    expect(evaluate(sparing(crew.arn, crew.roleArn, accountId), asked).decision).toBe('allowed');
    const sparingAda = sparing(accountId, named(ada).AWS);
    expect(evaluate(sparingAda, request()).decision).toBe('allowed');
    expect(evaluate({ ...sparingAda, boundary: allows }, request()).decision).toBe('explicitDeny');
  });
});

describe('the reasons of a decision', () => {
  it('are the statements that decided, with their places', () => {
    const text = JSON.stringify(
      {
        Version: '2012-10-17',
        Statement: [
          statement('Allow', { Sid: 'All' }),
          statement('Deny', { Sid: 'Blue', Resource: cluster }),
        ],
      },
      null,
      2,
    );
    const policies = { identity: [compilePolicy('p1', parsePolicy(text, 'identity'))] };
    const placesOf = (bent: Partial<PolicyRequest>) =>
      evaluate(policies, request(bent)).statements.map(({ policyId, index, source: { sid, span } }) => ({
        ...{ policyId, index, sid, ...span },
      }));
    expect(placesOf({})).toEqual([
      { policyId: 'p1', index: 1, sid: 'Blue', start: { line: 10, column: 6 }, end: { line: 15, column: 6 } },
    ]);
    expect(placesOf({ resource: '*' })).toEqual([
      { policyId: 'p1', index: 0, sid: 'All', start: { line: 4, column: 6 }, end: { line: 9, column: 6 } },
    ]);
  });

  it.each<[string, Partial<PolicySet>, Partial<PolicyRequest>, string]>([
    ['no identity policy', {}, {}, 'because no identity-based policy allows the ecs:UpdateCluster action'],
    ['an identity policy', { identity: denies }, {}, 'with an explicit deny in an identity-based policy'],
    [
      'no boundary',
      { identity: allows, boundary: silent },
      {},
      'because no permissions boundary allows the ecs:UpdateCluster action',
    ],
    ['a boundary', { boundary: denies }, {}, 'with an explicit deny in a permissions boundary'],
    [
      'no session policy',
      { identity: allows, session: silent },
      {},
      'because no session policy allows the ecs:UpdateCluster action',
    ],
    ['a session policy', { session: denies }, {}, 'with an explicit deny in a session policy'],
    [
      'no resource policy',
      { identity: allows },
      { resourceAccountId: otherAccountId },
      'because no resource-based policy allows the ecs:UpdateCluster action',
    ],
    [
      'a resource policy',
      { resource: resource('Deny', '*') },
      {},
      'with an explicit deny in a resource-based policy',
    ],
  ])('are said in the words of AWS: %s', (_, policies, bent, words) => {
    const evaluation = evaluate({ identity: [], ...policies }, request(bent));
    expect(denialReason(evaluation, 'ecs:UpdateCluster')).toBe(words);
  });
});

describe('a compiled policy', () => {
  it('answers the same for more actions than it remembers', () => {
    const policies = { identity: [compiled('identity', [statement('Allow', { Action: 'ecs:*7' })])] };
    for (const round of [1, 2]) {
      for (let index = 0; index < 1_500; index += 1) {
        const { decision } = evaluate(policies, request({ action: `ecs:A${index}` }));
        expect(decision, `round ${round}, ${index}`).toBe(index % 10 === 7 ? 'allowed' : 'implicitDeny');
      }
    }
  });

  it('lists the keys it asks for once, in the order of the text', () => {
    const policy = compiled('identity', [
      statement('Allow', {
        Resource: 'arn:aws:ecs:*:*:cluster/${aws:username}',
        Condition: {
          StringEquals: { 'aws:PrincipalTag/team': '${aws:RequestTag/team}', 'AWS:Username': 'ada' },
        },
      }),
    ]);
    expect(policy.contextKeys).toEqual(['aws:username', 'aws:PrincipalTag/team', 'aws:RequestTag/team']);
  });
});
