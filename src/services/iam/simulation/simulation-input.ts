import type {
  ContextEntry,
  SimulateCustomPolicyCommandInput,
  SimulatePrincipalPolicyCommandInput,
} from '@aws-sdk/client-iam';
import { invalidInput, unsupported } from '../errors.ts';
import { Constraints, policyDocumentConstraint } from '../input/constraints.ts';
import {
  type CompiledPolicy,
  type ContextSource,
  type ContextValue,
  isAction,
  isResource,
  type PolicyPrincipal,
  type PolicySet,
  RequestContext,
} from '../policy/index.ts';
import { readPolicyInput } from './policy-input.ts';

/** A simulation as asked for: every action is tried on every resource. */
export interface Simulation {
  readonly policies: PolicySet;
  readonly actions: readonly string[];
  /** `*` alone where the request names none. */
  readonly resources: readonly string[];
  readonly caller: Caller | undefined;
  /** Of resources whose ARN has no account; absent: the caller's. */
  readonly resourceOwner: string | undefined;
  readonly context: ContextSource;
  /** What answers call a policy whose id is not its name there. */
  readonly names: ReadonlyMap<CompiledPolicy, string>;
}

export type Caller = PolicyPrincipal & { readonly accountId: string };

/** What both simulations take. */
export type SimulationInput = Partial<SimulateCustomPolicyCommandInput> &
  Partial<SimulatePrincipalPolicyCommandInput>;

/** What a simulation asks besides what came with the request. */
export interface KeptPart {
  readonly policies: PolicySet;
  readonly names: Simulation['names'];
  /** Who asks unless the request says so. */
  readonly caller?: Caller;
  /** The keys that come with whoever asks; those that the request gives go before them. */
  readonly contextOf: (callerArn: string | undefined) => ContextSource | undefined;
  /** Who has this ARN, as far as it is known. */
  readonly callerAt: (arn: string) => Caller | undefined;
}

const resourceNameConstraint = { minLength: 1, maxLength: 2_048 };
const contextKeyTypes = ['string', 'numeric', 'boolean', 'ip', 'binary', 'date'].flatMap((type) => [
  type,
  `${type}List`,
]);

/** @throws ValidationError, InvalidInput */
export function readSimulation(input: SimulationInput, kept?: KeptPart): Simulation {
  checkConstraints(input);
  if (input.ResourceHandlingOption !== undefined) throw unsupported('ResourceHandlingOption is');
  if (input.OrderedOrganizationPolicyInputList !== undefined)
    throw unsupported('Service control policies are');
  const actions = input.ActionNames ?? [];
  for (const action of actions) {
    if (!isAction(action)) {
      throw invalidInput(`Action ${action} is not valid: it must be service:Name, without wildcards.`);
    }
  }
  const resources = input.ResourceArns?.length ? input.ResourceArns : ['*'];
  for (const resource of resources) {
    if (!isResource(resource)) throw invalidInput(`ARN ${resource} is not valid.`);
  }
  const caller =
    input.CallerArn === undefined
      ? kept?.caller
      : (kept?.callerAt(input.CallerArn) ?? readCaller(input.CallerArn));
  if (input.ResourcePolicy !== undefined && (caller === undefined || isImpliedRole(input, caller))) {
    throw invalidInput(
      'CallerArn is required with ResourcePolicy: it is who the policy’s Principal may mean.',
    );
  }
  return {
    policies: readPolicies(input, kept?.policies),
    actions,
    resources,
    caller,
    resourceOwner: input.ResourceOwner === undefined ? undefined : readAccount(input.ResourceOwner),
    context: withFallback(readContext(input.ContextEntries ?? []), kept?.contextOf(input.CallerArn)),
    names: kept?.names ?? new Map(),
  };
}

/** IAM takes a resource's policy for a role only where the request names a caller. */
function isImpliedRole({ CallerArn }: SimulationInput, { kind }: Caller): boolean {
  return CallerArn === undefined && kind === 'role';
}

function withFallback(given: ContextSource, known: ContextSource | undefined): ContextSource {
  return known === undefined ? given : { get: (key) => given.get(key) ?? known.get(key) };
}

function checkConstraints(input: SimulationInput): void {
  const constraints = new Constraints()
    .texts('policyInputList', input.PolicyInputList, policyDocumentConstraint)
    .texts(
      'permissionsBoundaryPolicyInputList',
      input.PermissionsBoundaryPolicyInputList,
      policyDocumentConstraint,
    )
    .text('resourcePolicy', input.ResourcePolicy, policyDocumentConstraint)
    .texts('actionNames', input.ActionNames, { minLength: 3, maxLength: 128 })
    .texts('resourceArns', input.ResourceArns, resourceNameConstraint)
    .list('resourceArns', input.ResourceArns, { max: 1_000 })
    .text('resourceOwner', input.ResourceOwner, resourceNameConstraint)
    .text('callerArn', input.CallerArn, resourceNameConstraint)
    .number('maxItems', input.MaxItems, { min: 1, max: 1_000 });
  input.ContextEntries?.forEach((entry, index) => {
    const path = `contextEntries.${index + 1}.member`;
    constraints
      .text(`${path}.contextKeyName`, entry.ContextKeyName, {
        isRequired: true,
        minLength: 5,
        maxLength: 256,
      })
      .text(`${path}.contextKeyType`, entry.ContextKeyType, { oneOf: contextKeyTypes })
      .texts(`${path}.contextKeyValues`, entry.ContextKeyValues, { maxLength: 2_048 });
  });
  constraints.throwIfViolated();
}

function readPolicies(
  { PolicyInputList = [], PermissionsBoundaryPolicyInputList: boundary, ResourcePolicy }: SimulationInput,
  kept: PolicySet = { identity: [] },
): PolicySet {
  if (boundary !== undefined && boundary.length > 1) {
    throw invalidInput(`Only one permissions boundary may be given, and there are ${boundary.length}.`);
  }
  const given = PolicyInputList.map((document, index) =>
    readPolicyInput(`PolicyInputList.${index + 1}`, document, 'identity'),
  );
  return {
    ...kept,
    identity: [...kept.identity, ...given],
    ...(boundary?.length && {
      boundary: boundary.map((document) =>
        readPolicyInput('PermissionsBoundaryPolicyInputList.1', document, 'identity'),
      ),
    }),
    ...(ResourcePolicy !== undefined && {
      resource: readPolicyInput('ResourcePolicy', ResourcePolicy, 'resource'),
    }),
  };
}

function readCaller(arn: string): Caller {
  const [, accountId, type] = /^arn:aws[a-z-]*:iam::(\d{12}):(user|group|role)\/\S+$/.exec(arn) ?? [];
  if (accountId === undefined) throw invalidInput(`ARN ${arn} is not valid.`);
  if (type === 'role') return { kind: 'role', accountId, roleArn: arn };
  // A group is no principal: it is somebody of the account whom no policy names.
  return { kind: 'user', accountId, arn };
}

function readAccount(arn: string): string {
  const [, accountId] = /^arn:aws[a-z-]*:iam::(\d{12}):root$/.exec(arn) ?? [];
  if (accountId === undefined) throw invalidInput(`ARN ${arn} is not valid.`);
  return accountId;
}

function readContext(entries: readonly ContextEntry[]): RequestContext {
  return new RequestContext(
    entries.map(({ ContextKeyName = '', ContextKeyType, ContextKeyValues = [] }): [string, ContextValue] => {
      const [single, ...more] = ContextKeyValues;
      const isSingle = single !== undefined && more.length === 0 && !ContextKeyType?.endsWith('List');
      return [ContextKeyName, isSingle ? single : ContextKeyValues];
    }),
  );
}
