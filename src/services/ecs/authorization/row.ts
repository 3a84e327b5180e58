import type { ECS } from '@aws-sdk/client-ecs';
import type { AskedAction, Call, ConditionKeys, OperationsOf, SupportedOperation } from '../../service.ts';

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

/** Rows by the operations' names, typed by the SDK. */
export type EcsRows = { readonly [Name in keyof OperationsOf<ECS>]?: Row<InputOf<Name>> };

/** The rows of some operations, each with its own input. */
export type RowsOf<Names extends keyof OperationsOf<ECS>> = {
  readonly [Name in Names]: Row<InputOf<Name>>;
};

export type InputOf<Name extends keyof OperationsOf<ECS>> =
  Extract<OperationsOf<ECS>[Name], SupportedOperation> extends SupportedOperation<infer Input, infer _Output>
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
