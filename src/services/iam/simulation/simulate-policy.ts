import { setImmediate } from 'node:timers';
import type {
  EvaluationResult,
  PolicyEvaluationDecisionType,
  PolicySourceType,
  ResourceSpecificResult,
  SimulateCustomPolicyCommandInput,
  SimulatePolicyResponse,
  SimulatePrincipalPolicyCommandInput,
  Statement,
} from '@aws-sdk/client-iam';
import { page } from '../../pages.ts';
import type { Call, Principal } from '../../service.ts';
import { parseEntityArn } from '../arn.ts';
import { policyPrincipal } from '../authorization/policy-principal.ts';
import { requestContext } from '../authorization/request-context.ts';
import type { IamContext } from '../context.ts';
import { validationError } from '../errors.ts';
import { Constraints } from '../input/constraints.ts';
import {
  type CompiledStatement,
  distinct,
  type Evaluation,
  evaluate,
  type PolicySet,
  readArn,
} from '../policy/index.ts';
import { policySource, principalAt } from './policy-source.ts';
import { type Caller, readSimulation, type Simulation, type SimulationInput } from './simulation-input.ts';

/** So many decisions stand on a page at most; where there are many resources, it has fewer actions. */
const decisionsPerPage = 1_000;

/**
 * What the given policies would say, without asking anybody's own: one result an action, over all of its resources,
 * and one within it for each resource that the request names.
 */
export async function simulateCustomPolicy(
  input: SimulateCustomPolicyCommandInput,
  call: Pick<Call, 'signal'>,
): Promise<SimulatePolicyResponse> {
  return simulate(readSimulation(input), input, call);
}

/**
 * What the policies of a user, group or role say, as they are kept: the answer that its requests get, unless the request
 * brings more policies, another boundary, or keys that are not so.
 *
 * @throws {Refusal} NoSuchEntity, InvalidInput, ValidationError.
 */
export async function simulatePrincipalPolicy(
  { state, clock }: IamContext,
  input: SimulatePrincipalPolicyCommandInput,
  call: Call,
): Promise<SimulatePolicyResponse> {
  const { PolicySourceArn = '' } = input;
  new Constraints()
    .text('policySourceArn', PolicySourceArn, { minLength: 20, maxLength: 2048 })
    .throwIfViolated();
  const { policies, names, principal } = policySource(state, call.accountId, PolicySourceArn);
  const asCaller = (asked: Principal | undefined): Caller | undefined => {
    const caller = asked && policyPrincipal(state, asked);
    if (caller === undefined || !('accountId' in caller)) return undefined;
    // The role itself is meant, not a session of it.
    if (caller.kind !== 'role') return caller;
    const { arn: _, ...role } = caller;
    return role;
  };
  /** Of another account nothing is told, its users' tags neither. */
  const principalHere = (arn: string): Principal | undefined =>
    parseEntityArn(arn)?.accountId === call.accountId ? principalAt(state, arn) : undefined;
  const caller = asCaller(principal);
  const simulation = readSimulation(input, {
    ...{ policies, names },
    ...(caller !== undefined && { caller }),
    callerAt: (arn) => asCaller(principalHere(arn)),
    contextOf: (callerArn) => {
      const asking = callerArn === undefined ? principal : principalHere(callerArn);
      const facts = { now: clock.now() };
      return (
        asking &&
        requestContext({
          ...{ reader: state, principal: asking, resourceAccountId: call.accountId, facts },
          conditions: () => undefined,
        })
      );
    },
  });
  return simulate(simulation, input, call);
}

/** Other requests have their turn after each decision: policies and resources may be long, and a page has many of both. */
async function simulate(
  simulation: Simulation,
  { Marker, MaxItems = 100 }: SimulationInput,
  { signal }: Pick<Call, 'signal'>,
): Promise<SimulatePolicyResponse> {
  const { items, nextToken } = page(
    simulation.actions.map((action, index) => ({ action, key: String(index) })),
    ({ key }) => key,
    (one, other) => Number(one) - Number(other),
    {
      limit: Math.min(MaxItems, Math.floor(decisionsPerPage / simulation.resources.length)),
      nextToken: Marker,
      refuse: () => validationError('Invalid Marker.'),
    },
  );
  const EvaluationResults: EvaluationResult[] = [];
  for (const { action } of items) EvaluationResults.push(await simulateAction(simulation, action, signal));
  return {
    EvaluationResults,
    IsTruncated: nextToken !== undefined,
    ...(nextToken !== undefined && { Marker: nextToken }),
  };
}

async function simulateAction(
  simulation: Simulation,
  action: string,
  signal: AbortSignal,
): Promise<EvaluationResult> {
  const missing = [...missingContextKeys(simulation, action)];
  const results: ResourceResult[] = [];
  for (const resource of simulation.resources) {
    results.push(simulateOn(simulation, action, resource));
    await new Promise<void>((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
  }
  const decision = mostRestrictive(results.map(({ evaluation }) => evaluation.decision));
  const shown = matchedStatements(simulation, action);
  const namesResources = simulation.resources.some((resource) => resource !== '*');
  return {
    EvalActionName: action,
    // The templates of a service's ARNs are not known here.
    EvalResourceName: '*',
    EvalDecision: decision,
    MatchedStatements: shown(
      results.flatMap(({ evaluation }) => (evaluation.decision === decision ? evaluation.statements : [])),
    ),
    MissingContextValues: missing,
    ...boundaryDetail(
      simulation.policies,
      results.map(({ evaluation }) => evaluation),
    ),
    ...(namesResources && {
      EvalDecisionDetails: combineDetails(results.map(({ details }) => details)),
      ResourceSpecificResults: results.map(
        ({ resource, evaluation, details }): ResourceSpecificResult => ({
          EvalResourceName: resource,
          EvalResourceDecision: evaluation.decision,
          MatchedStatements: shown(evaluation.statements),
          MissingContextValues: missing,
          EvalDecisionDetails: details,
          ...boundaryDetail(simulation.policies, [evaluation]),
        }),
      ),
    }),
  };
}

type Details = Record<string, PolicyEvaluationDecisionType>;

interface ResourceResult {
  readonly resource: string;
  readonly evaluation: Evaluation;
  /** What each side says, where the resource is another account's. */
  readonly details: Details;
}

function simulateOn(simulation: Simulation, action: string, resource: string): ResourceResult {
  const { policies, caller, context } = simulation;
  const account = readArn(resource)[4];
  const resourceAccountId = account !== undefined && account !== '' ? account : simulation.resourceOwner;
  const evaluation = evaluate(policies, {
    action,
    resource,
    context,
    ...(caller !== undefined && { principal: caller }),
    ...(resourceAccountId !== undefined && { resourceAccountId }),
  });
  const isCrossAccount =
    caller !== undefined && resourceAccountId !== undefined && resourceAccountId !== caller.accountId;
  const { identity, resource: ofResource = 'implicitDeny' } = evaluation.byType;
  return {
    resource,
    evaluation,
    details: isCrossAccount
      ? { 'IAM Policy': identity ?? 'implicitDeny', 'Resource Policy': ofResource }
      : {},
  };
}

/** The keys that statements on the action ask for and the request did not bring. */
function missingContextKeys({ policies, context }: Simulation, action: string): readonly string[] {
  const { identity, boundary = [], resource } = policies;
  const asked = [...identity, ...boundary, ...(resource === undefined ? [] : [resource])];
  const keys = asked.flatMap((policy) => policy.statementsFor(action).flatMap((it) => it.contextKeys));
  return distinct(keys).filter((key) => context.get(key.toLowerCase()) === undefined);
}

const restriction: Readonly<Record<Evaluation['decision'], number>> = {
  allowed: 0,
  implicitDeny: 1,
  explicitDeny: 2,
};

function mostRestrictive(decisions: readonly Evaluation['decision'][]): Evaluation['decision'] {
  return decisions.reduce((one, other) => (restriction[other] > restriction[one] ? other : one), 'allowed');
}

function combineDetails(all: readonly Details[]): Details {
  const combined: Details = {};
  for (const details of all) {
    for (const [type, decision] of Object.entries(details)) {
      combined[type] = mostRestrictive([combined[type] ?? 'allowed', decision]);
    }
  }
  return combined;
}

function boundaryDetail(
  { boundary }: PolicySet,
  evaluations: readonly Evaluation[],
): Pick<EvaluationResult, 'PermissionsBoundaryDecisionDetail'> {
  if (boundary === undefined) return {};
  return {
    PermissionsBoundaryDecisionDetail: {
      AllowedByPermissionsBoundary: evaluations.every(({ byType }) => byType.boundary === 'allowed'),
    },
  };
}

/** Each of the statements once, with the name that its policy has in answers. */
function matchedStatements({ policies, names }: Simulation, action: string) {
  const { identity, boundary = [] } = policies;
  const nameOf = new Map<CompiledStatement, string>();
  for (const policy of [...identity, ...boundary]) {
    const name = names.get(policy);
    if (name === undefined) continue;
    for (const statement of policy.statementsFor(action)) nameOf.set(statement, name);
  }
  return (statements: readonly CompiledStatement[]): Statement[] =>
    [...new Set(statements)].map((statement) => {
      const { start, end } = statement.source.span;
      return {
        SourcePolicyId: nameOf.get(statement) ?? statement.policyId,
        // Whatever it is attached to; IAM's simulator knows no other.
        SourcePolicyType: 'IAM Policy' as PolicySourceType,
        StartPosition: { Line: start.line, Column: start.column },
        EndPosition: { Line: end.line, Column: end.column },
      };
    });
}
