import type { AskedAction, Call, ConditionKeys, OperationsOf, SupportedOperation } from './service.ts';

/** How an operation is authorised, besides by its own name. */
export interface Row<Input> {
  /** The ARNs that its action is on: it must be allowed on each of them. */
  readonly on: (input: Input, call: Call) => readonly string[];
  /** The condition keys it supplies; gathered only where a policy has conditions. */
  readonly keys?: readonly Keys<Input>[];
  /** What it asks for besides. */
  readonly asks?: readonly Asks<Input>[];
}

/** @param resource One of those that the row's action is `on`. */
export type Keys<Input> = (input: Input, call: Call, resource: string) => ConditionKeys;
export type Asks<Input> = (input: Input, call: Call) => readonly AskedAction[];

/** Rows by the operations' names, typed by the SDK's client. */
export type Rows<Client, Names extends keyof OperationsOf<Client> = keyof OperationsOf<Client>> = {
  readonly [Name in Names]: Row<InputOf<Client, Name>>;
};

export type InputOf<Client, Name extends keyof OperationsOf<Client>> =
  Extract<OperationsOf<Client>[Name], SupportedOperation> extends SupportedOperation<
    infer Input,
    infer _Output
  >
    ? Input
    : never;

/** A row as the pipeline asks it. */
export function authorizationOf<Input>({
  on,
  keys = [],
  asks = [],
}: Row<Input>): Pick<SupportedOperation<Input>, 'resources' | 'conditions' | 'alsoAsks'> {
  return {
    resources: on,
    ...(keys.length > 0 && {
      conditions: (input: Input, call: Call, resource: string): ConditionKeys =>
        Object.assign({}, ...keys.map((keysOf) => keysOf(input, call, resource))),
    }),
    ...(asks.length > 0 && {
      alsoAsks: (input: Input, call: Call) => asks.flatMap((asked) => asked(input, call)),
    }),
  };
}

/** `aws:ResourceTag/…` of a resource that is kept with these tags. */
export const resourceTagKeys = (tags: Readonly<Record<string, string>> = {}): ConditionKeys =>
  prefixed('aws:ResourceTag/', tags);

/** `aws:RequestTag/…` and `aws:TagKeys` of a request that brings these tags. */
export const requestTagKeys = (tags: Readonly<Record<string, string>>): ConditionKeys => ({
  'aws:TagKeys': Object.keys(tags),
  ...prefixed('aws:RequestTag/', tags),
});

/** `iam:PassRole` for each role that is passed to a service, once. Names are of roles in the caller's account. */
export function passRoles(
  roles: readonly (string | undefined)[],
  service: string,
  { accountId }: Call,
): readonly AskedAction[] {
  const arns = roles.flatMap((role) =>
    role ? [role.startsWith('arn:') ? role : `arn:aws:iam::${accountId}:role/${role}`] : [],
  );
  const conditions = { 'iam:PassedToService': service };
  return [...new Set(arns)].map((resource) => ({ action: 'iam:PassRole', resource, conditions }));
}

const prefixed = (prefix: string, tags: Readonly<Record<string, string>>): ConditionKeys =>
  Object.fromEntries(Object.entries(tags).map(([key, value]) => [`${prefix}${key}`, value]));
