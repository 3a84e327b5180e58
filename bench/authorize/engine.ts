/**
 * Decisions of the policy engine a second on one core, for a principal with 10 policies of 20 statements, against
 * the same decisions remembered in a map in the same run.
 *
 * Half of the requests are allowed, by statements with wildcards, variables and conditions; the others are denied,
 * half of them explicitly. Of each policy's statements one is a NotAction, which concerns almost every request. Every
 * request is on another resource, so nothing but the actions repeats.
 */
import {
  compilePolicy,
  evaluate,
  type PolicyRequest,
  parsePolicy,
  RequestContext,
} from '../../src/services/iam/policy/index.ts';
import { median } from '../catamaran.ts';
import { round } from '../load.ts';

export const policyCount = 10;
export const statementsPerPolicy = 20;
const requestCount = 4_000;
const rounds = 5;
const roundMs = 400;
const accountId = '123456789012';

/** One of the policies that a principal has. */
export function policyText(policy: number): string {
  const Statement = Array.from({ length: statementsPerPolicy }, (_, index) => statement(policy, index));
  return JSON.stringify({ Version: '2012-10-17', Statement });
}

function statement(policy: number, index: number): object {
  const service = `service${(policy * statementsPerPolicy + index) % 25}`;
  const resource = `arn:aws:${service}:*:${accountId}:boat/`;
  if (index % 4 === 0)
    return { Effect: 'Allow', Action: `${service}:Get*`, Resource: `${resource}harbor${policy}/*` };
  if (index % 4 === 1) {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable.
    const Condition = { StringEquals: { 'aws:ResourceTag/team': '${aws:PrincipalTag/team}' } };
    return {
      Effect: 'Allow',
      Action: [`${service}:Put*`, `${service}:Update*`],
      Resource: `${resource}*`,
      Condition,
    };
  }
  if (index % 4 === 2) {
    const Condition = { NotIpAddress: { 'aws:SourceIp': ['10.0.0.0/8', '192.168.0.0/16'] } };
    return { Effect: 'Deny', Action: `${service}:*`, Resource: '*', Condition };
  }
  if (index === statementsPerPolicy - 1) {
    return { Effect: 'Deny', NotAction: `${service}:*`, Resource: `${resource}locked/*` };
  }
  return { Effect: 'Allow', Action: [`${service}:List*`, `${service}:Describe*`], Resource: '*' };
}

const identity = Array.from({ length: policyCount }, (_, policy) =>
  compilePolicy(`policy${policy}`, parsePolicy(policyText(policy), 'identity')),
);

function contextOf(sourceIp: string): RequestContext {
  return new RequestContext([
    ['aws:SourceIp', sourceIp],
    ['aws:PrincipalTag/team', 'hull'],
    ['aws:ResourceTag/team', 'hull'],
  ]);
}

const near = contextOf('10.1.2.3');
const far = contextOf('203.0.113.7');
const verbs = ['PutCargo', 'DropCargo', 'UpdateCargo', 'PutCargo'];
const requests = Array.from({ length: requestCount }, (_, index): PolicyRequest => {
  const service = `service${index % 25}`;
  return {
    action: `${service}:${verbs[index % verbs.length]}`,
    resource: `arn:aws:${service}:eu-west-1:${accountId}:boat/harbor${index % policyCount}/${index}`,
    principal: { kind: 'user', accountId, arn: `arn:aws:iam::${accountId}:user/ada` },
    context: index % 4 === 3 ? far : near,
  };
});

const decide = (request: PolicyRequest): string => evaluate({ identity }, request).decision;
const remembered = new Map(
  requests.map((request) => [`${request.action} ${request.resource}`, decide(request)]),
);
const recall = (request: PolicyRequest): string =>
  remembered.get(`${request.action} ${request.resource}`) ?? '';

/** Per second of the process's own processor time, in one round. */
function perSecond(answer: (request: PolicyRequest) => string): number {
  const began = performance.now();
  const cpu = process.cpuUsage();
  let answered = 0;
  while (performance.now() - began < roundMs) {
    for (const request of requests) if (answer(request) !== '') answered += 1;
  }
  const { user, system } = process.cpuUsage(cpu);
  return (answered / (user + system)) * 1_000_000;
}

export interface EngineResult {
  readonly decisions: Readonly<Record<string, number>>;
  readonly perCpuSecond: number;
  readonly rememberedPerCpuSecond: number;
  readonly ratio: number;
}

export function measureEngine(): EngineResult {
  const ours: number[] = [];
  const floor: number[] = [];
  for (let index = 0; index < rounds; index += 1) {
    ours.push(perSecond(decide));
    floor.push(perSecond(recall));
  }
  const counts: Record<string, number> = {};
  for (const decision of remembered.values()) counts[decision] = (counts[decision] ?? 0) + 1;
  return {
    decisions: counts,
    perCpuSecond: round(median(ours), 0),
    rememberedPerCpuSecond: round(median(floor), 0),
    ratio: round(median(ours) / median(floor), 3),
  };
}
