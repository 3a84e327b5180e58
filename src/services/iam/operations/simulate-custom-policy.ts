import type {
  EvaluationResult,
  PolicyEvaluationDecisionType,
  ResourceSpecificResult,
  SimulateCustomPolicyCommandInput,
  SimulatePolicyResponse,
  Statement,
} from '@aws-sdk/client-iam';
import { page } from '../../pages.ts';
import type { Call } from '../../service.ts';
import { validationError } from '../errors.ts';
import {
  type CompiledStatement,
  distinct,
  type Evaluation,
  evaluate,
  type PolicySet,
  readArn,
} from '../policy/index.ts';
import { readSimulation, type Simulation } from './simulation-input.ts';

/** So many decisions stand on a page at most; where there are many resources, it has fewer actions. */
const decisionsPerPage = 1_000;

/**
 * What the given policies would say, without asking anybody's own: one result an action, over all of its resources,
 * and one within it for each resource that the request names.
 */
export function simulateCustomPolicy(
  input: SimulateCustomPolicyCommandInput,
  { signal }: Pick<Call, 'signal'>,
): SimulatePolicyResponse {
  const simulation = readSimulation(input);
  const { items, nextToken } = page(
    simulation.actions.map((action, index) => ({ action, key: String(index) })),
    ({ key }) => key,
    (one, other) => Number(one) - Number(other),
    {
      limit: Math.min(input.MaxItems ?? 100, Math.floor(decisionsPerPage / simulation.resources.length)),
      nextToken: input.Marker,
      refuse: () => validationError('Invalid Marker.'),
    },
  );
  return {
    EvaluationResults: items.map(({ action }) => {
      signal.throwIfAborted();
      return simulateAction(simulation, action);
    }),
    IsTruncated: nextToken !== undefined,
    ...(nextToken !== undefined && { Marker: nextToken }),
  };
}

function simulateAction(simulation: Simulation, action: string): EvaluationResult {
  const missing = [...missingContextKeys(simulation, action)];
  const results = simulation.resources.map((resource) => simulateOn(simulation, action, resource));
  const decision = mostRestrictive(results.map(({ evaluation }) => evaluation.decision));
  const namesResources = simulation.resources.some((resource) => resource !== '*');
  return {
    EvalActionName: action,
    // The templates of a service's ARNs are not known here.
    EvalResourceName: '*',
    EvalDecision: decision,
    MatchedStatements: [
      ...new Set(
        results.flatMap(({ evaluation }) => (evaluation.decision === decision ? evaluation.statements : [])),
      ),
    ].map(matchedStatement),
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
          MatchedStatements: evaluation.statements.map(matchedStatement),
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

function matchedStatement({ policyId, source: { span } }: CompiledStatement): Statement {
  return {
    SourcePolicyId: policyId,
    StartPosition: { Line: span.start.line, Column: span.start.column },
    EndPosition: { Line: span.end.line, Column: span.end.column },
  };
}
