import type { Reader } from '../../../reconcile/index.ts';
import { authorizationOf, type Keys, requestTagKeys } from '../../authorization-row.ts';
import type { Call } from '../../service.ts';
import { resourceArn } from '../arn.ts';
import { specifiedTags, type TagSpecificationsInput } from '../input/tags.ts';
import type { ResourceType } from '../kinds.ts';
import { resourceKeys } from './resource-keys.ts';

/** A resource that a request names; no id: whichever. */
export type Named = readonly [type: ResourceType, id: string | undefined];

export interface Creating {
  readonly TagSpecifications?: TagSpecificationsInput;
}

/**
 * What the operations are authorised on and with (Service Authorization Reference, "Actions, resources, and condition
 * keys for Amazon EC2"). What is there has the keys of `resource-keys.ts`; what is being made has the request's tags,
 * and bringing tags asks for `ec2:CreateTags` besides.
 */
export function ec2Authorization(reader: Reader) {
  const arnsOf = (named: readonly Named[], call: Call): readonly string[] =>
    named.map(([type, id = '*']) => resourceArn(call, type, id));
  return {
    /** Of actions without resource-level permissions, as most `Describe…` are. */
    everything: authorizationOf<object>({
      on: () => ['*'],
      keys: [(_input, call) => ({ 'ec2:Region': call.region })],
    }),

    /** @param named The resources that it is on. */
    on: <Input>(named: (input: Input, call: Call) => readonly Named[], ...keys: readonly Keys<Input>[]) =>
      authorizationOf<Input>({
        on: (input, call) => arnsOf(named(input, call), call),
        keys: [(_input, call, arn) => resourceKeys(reader, call, arn), ...keys],
      }),

    /**
     * @param operation `ec2:CreateAction` of the tags.
     * @param type What it makes.
     * @param using The resources that are there and that it is on as well.
     */
    creating: <Input extends Creating>(
      operation: string,
      type: ResourceType,
      using: (input: Input, call: Call) => readonly Named[] = () => [],
      ...keys: readonly Keys<Input>[]
    ) => {
      const made: Named = [type, undefined];
      const tagKeys = (input: Input, call: Call) => ({
        ...requestTagKeys(specifiedTags(input.TagSpecifications, type)),
        'ec2:Region': call.region,
      });
      return authorizationOf<Input>({
        on: (input, call) => arnsOf([...using(input, call), made], call),
        keys: [
          (input, call, arn) =>
            arn === resourceArn(call, type, '*') ? tagKeys(input, call) : resourceKeys(reader, call, arn),
          ...keys,
        ],
        asks: [
          (input, call) =>
            Object.keys(specifiedTags(input.TagSpecifications, type)).length === 0
              ? []
              : [
                  {
                    action: 'ec2:CreateTags',
                    resource: resourceArn(call, type, '*'),
                    conditions: { ...tagKeys(input, call), 'ec2:CreateAction': operation },
                  },
                ],
        ],
      });
    },
  };
}

export type Ec2Authorization = ReturnType<typeof ec2Authorization>;
