import type { Random } from '../../../../clock/index.ts';
import type { ContextValue } from '../request.ts';

/**
 * Policies and a request of small vocabularies, so that they meet often and in every way.
 *
 * Left out is what is known to be decided differently elsewhere, and why we do as we do:
 * - `0.0.0.0/0`, which the other engine takes for a range that holds nothing;
 * - `ForAnyValue` with `IfExists`: "if exists" means that an absent key satisfies it, as with every other operator;
 * - variables without a default in `NotResource`: where the key is absent, what they mean is unknown and must not open
 *   anything, so that an Allow matches nothing and a Deny everything; the other engine does not tell the two apart.
 */
export interface GeneratedCase {
  readonly identity: readonly GeneratedPolicy[];
  readonly boundary?: GeneratedPolicy;
  readonly session?: GeneratedPolicy;
  readonly resource?: GeneratedPolicy;
  readonly action: string;
  readonly resourceArn: string;
  readonly resourceAccountId: string;
  readonly principal: 'user' | 'session';
  readonly context: Readonly<Record<string, ContextValue>>;
}

export interface GeneratedPolicy {
  readonly Version?: string;
  readonly Statement: readonly GeneratedStatement[];
}

interface GeneratedStatement {
  readonly Effect: string;
  readonly Principal?: unknown;
  readonly Action?: readonly string[];
  readonly NotAction?: readonly string[];
  readonly Resource?: readonly string[];
  readonly NotResource?: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

export const accountId = '111122223333';
const otherAccountId = '444455556666';
export const userArn = `arn:aws:iam::${accountId}:user/ada`;
export const roleArn = `arn:aws:iam::${accountId}:role/crew`;
export const sessionArn = `arn:aws:sts::${accountId}:assumed-role/crew/ada`;

const actions = ['ecs:RunTask', 'ecs:StopTask', 'ecs:DescribeTasks', 'logs:GetLogEvents', 's3:GetObject'];
const actionPatterns = [
  ...[...actions, '*', 'ecs:*', 'ecs:*Task', 'ecs:???Task', 'ecs:*Task*', 'ECS:runtask', 'logs:Get*'],
  ...['s3:*Object', 'iam:*', 'ecs:R*n*k'],
];
const tails = ['task/blue/1', 'task/red/1', 'task/ada/7', 'cluster/blue', 'log-group:ada:*', 'a:b/c'];
const tailPatterns = [
  ...[
    ...tails,
    '*',
    'task/*',
    'task/*/1',
    'task/????/?',
    'cluster/b*e',
    'log-group:*',
    'task/${aws:username}/*',
  ],
  ...["task/${aws:PrincipalTag/team, 'blue'}/1", '${*}', 'task/${aws:PrincipalTag/team}/*'],
];

/** Of each kind of operator its key, what a policy may say and what a request may bring. */
const vocabularies = [
  {
    operators: [
      ...['StringEquals', 'StringNotEquals', 'StringEqualsIgnoreCase', 'StringNotEqualsIgnoreCase'],
      ...['StringLike', 'StringNotLike'],
    ],
    keys: ['aws:PrincipalTag/team', 'aws:TagKeys', 'aws:username', 'aws:RequestTag/team'],
    wanted: ['blue', 'red', 'Blue', 'b*', '?ed', 'ada', '*', '${aws:username}', '${aws:RequestTag/team}'],
    given: ['blue', 'red', 'BLUE', 'ada', 'b'],
  },
  {
    operators: [
      ...['NumericEquals', 'NumericNotEquals', 'NumericLessThan', 'NumericLessThanEquals'],
      ...['NumericGreaterThan', 'NumericGreaterThanEquals'],
    ],
    keys: ['aws:MultiFactorAuthAge', 'ecs:task-cpu'],
    wanted: ['5', '10', '0', '2.5'],
    given: ['5', '10', '7', '2.50', '-1'],
  },
  {
    operators: [
      ...['DateEquals', 'DateNotEquals', 'DateLessThan', 'DateLessThanEquals', 'DateGreaterThan'],
      'DateGreaterThanEquals',
    ],
    keys: ['aws:CurrentTime', 'aws:TokenIssueTime'],
    wanted: ['2026-01-01T00:00:00Z', '2026-06-01T00:00:00Z'],
    given: ['2026-01-01T00:00:00Z', '2026-03-01T12:00:00Z', '2027-01-01T00:00:00Z'],
  },
  {
    operators: ['Bool'],
    keys: ['aws:SecureTransport', 'aws:MultiFactorAuthPresent'],
    wanted: ['true', 'false'],
    given: ['true', 'false'],
  },
  {
    operators: ['IpAddress', 'NotIpAddress'],
    keys: ['aws:SourceIp'],
    wanted: ['10.0.0.0/8', '10.1.2.3', '2001:db8::/32', '192.168.0.0/30'],
    given: ['10.1.2.3', '192.168.0.2', '192.168.0.4', '2001:db8::1', '2001:db9::1'],
  },
  {
    operators: ['ArnEquals', 'ArnLike', 'ArnNotEquals', 'ArnNotLike'],
    keys: ['aws:SourceArn', 'ecs:cluster'],
    wanted: [
      'arn:aws:ecs:eu-west-1:111122223333:cluster/blue',
      'arn:aws:ecs:*:*:cluster/*',
      'arn:aws:ecs:*:111122223333:cluster/b?ue',
      'arn:aws:*:*:*:*',
    ],
    given: [
      'arn:aws:ecs:eu-west-1:111122223333:cluster/blue',
      'arn:aws:ecs:us-east-1:444455556666:cluster/red',
      'arn:aws:sns:eu-west-1:111122223333:topic',
    ],
  },
  {
    operators: ['BinaryEquals'],
    keys: ['aws:Blob'],
    wanted: ['QmluYXJ5', 'AAECAw=='],
    given: ['QmluYXJ5', 'AAECAw=='],
  },
  {
    operators: ['Null'],
    keys: ['aws:username', 'aws:TagKeys', 'ecs:cluster'],
    wanted: ['true', 'false'],
    given: [],
  },
] as const;

const multivalued = new Set<string>(['aws:TagKeys']);

/** The same random numbers make the same case. */
export function generateCase(random: Random): GeneratedCase {
  const pick = <T>(items: readonly T[]): T => {
    const item = items[Math.floor(random.float() * items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  };
  const chance = (probability: number): boolean => random.float() < probability;
  const some = <T>(items: readonly T[], most: number): readonly T[] =>
    Array.from({ length: 1 + Math.floor(random.float() * most) }, () => pick(items));

  const arnPattern = (): string => {
    if (chance(0.2)) return '*';
    const vendor = pick(['ecs', 'ecs', 'logs']);
    return `arn:aws:${vendor}:${pick(['*', 'eu-west-1', 'eu-*'])}:${pick(['*', accountId])}:${pick(tailPatterns)}`;
  };

  const condition = (): Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> => {
    const { operators, keys, wanted } = pick(vocabularies);
    const key = pick<string>(keys);
    const operator = pick<string>(operators);
    if (operator === 'Null') return { Null: { [key]: [pick<string>(wanted)] } };
    const quantifier = multivalued.has(key) ? pick(['ForAllValues:', 'ForAnyValue:']) : '';
    return {
      [`${quantifier}${operator}${chance(0.25) ? 'IfExists' : ''}`]: { [key]: some<string>(wanted, 2) },
    };
  };

  const notResource = (): readonly string[] =>
    Array.from({ length: 2 }, arnPattern).map((pattern) => pattern.replace(/\$\{[^,}*]+\}/, '*'));

  const statement = (hasPrincipal: boolean): GeneratedStatement => ({
    Effect: chance(0.2) ? 'Deny' : 'Allow',
    ...(hasPrincipal && {
      Principal: pick<unknown>([
        '*',
        { AWS: [userArn] },
        { AWS: [sessionArn] },
        { AWS: [roleArn] },
        { AWS: [accountId] },
      ]),
    }),
    ...(chance(0.15) ? { NotAction: some(actionPatterns, 2) } : { Action: some(actionPatterns, 3) }),
    ...(chance(0.15)
      ? { NotResource: notResource() }
      : { Resource: Array.from({ length: 1 + Math.floor(random.float() * 2) }, arnPattern) }),
    ...(chance(0.5) && { Condition: { ...condition(), ...(chance(0.3) && condition()) } }),
  });

  const policy = (hasPrincipal = false): GeneratedPolicy => ({
    Version: '2012-10-17',
    Statement: Array.from({ length: 1 + Math.floor(random.float() * 3) }, () => statement(hasPrincipal)),
  });

  const context: Record<string, ContextValue> = {};
  for (const { keys, given } of vocabularies) {
    for (const key of keys) {
      if (given.length === 0 || chance(0.4)) continue;
      context[key] = multivalued.has(key) ? some<string>(given, 3) : pick<string>(given);
    }
  }
  const isAbroad = chance(0.15);
  const resourceAccountId = isAbroad ? otherAccountId : accountId;
  const action = pick(actions);
  const principal = pick(['user', 'session'] as const);
  return {
    identity: Array.from({ length: 1 + Math.floor(random.float() * 3) }, () => policy()),
    ...(chance(0.25) && { boundary: policy() }),
    ...(principal === 'session' && chance(0.3) && { session: policy() }),
    ...((isAbroad || chance(0.3)) && { resource: policy(true) }),
    action,
    resourceArn: `arn:aws:${pick(['ecs', 'ecs', 'logs'])}:${pick(['eu-west-1', 'us-east-1'])}:${resourceAccountId}:${pick(tails)}`,
    resourceAccountId,
    principal,
    context,
  };
}
