import type { Reader } from '../../reconcile/index.ts';
import {
  authorizationOf,
  type Keys,
  type Row,
  requestTagKeys,
  resourceTagKeys,
} from '../authorization-row.ts';
import type { Call } from '../service.ts';
import { clusterArn } from './arn.ts';
import { findTagged } from './tagged.ts';

interface OnCluster {
  readonly name?: string | undefined;
}
interface InCluster {
  readonly clusterName?: string | undefined;
}
interface OnResource {
  readonly resourceArn?: string | undefined;
}

/**
 * What the operations are authorised on and with (Service Authorization Reference, "Actions, resources, and condition
 * keys for Amazon Elastic Kubernetes Service").
 */
export function eksAuthorization(reader: Reader) {
  const tags: Keys<unknown> = (_input, call, resource) =>
    resourceTagKeys(findTagged(reader, call, resource)?.tags);
  const untagged: Keys<{ readonly tagKeys?: readonly string[] | undefined }> = ({ tagKeys = [] }) => ({
    'aws:TagKeys': tagKeys,
  });
  const resource = ({ resourceArn }: OnResource): readonly string[] => [resourceArn ?? '*'];
  return {
    everything: authorizationOf<object>({ on: () => ['*'] }),
    inCluster: authorizationOf(inCluster(reader)),
    cluster: authorizationOf<OnCluster>({
      on: ({ name = '*' }, call) => [clusterArn(call, name)],
      keys: [tags],
    }),
    listedTags: authorizationOf<OnResource>({ on: resource, keys: [tags] }),
    tagged: authorizationOf<OnResource & { readonly tags?: Record<string, string> | undefined }>({
      ...{ on: resource, keys: [tags, requestTags] },
    }),
    untagged: authorizationOf<OnResource & { readonly tagKeys?: string[] | undefined }>({
      ...{ on: resource, keys: [tags, untagged] },
    }),
  };
}

/** Of operations that are on the cluster which their `clusterName` names. */
export const inCluster = <Input extends InCluster>(
  reader: Reader,
  ...keys: readonly Keys<Input>[]
): Row<Input> => onThing(reader, ({ clusterName = '*' }, call) => clusterArn(call, clusterName), ...keys);

/** Of operations that are on a thing by its ARN. */
export const onThing = <Input>(
  reader: Reader,
  arnOf: (input: Input, call: Call) => string,
  ...keys: readonly Keys<Input>[]
): Row<Input> => ({
  on: (input, call) => [arnOf(input, call)],
  keys: [(_input, call, resource) => resourceTagKeys(findTagged(reader, call, resource)?.tags), ...keys],
});

/**
 * The ARN of what a cluster has by that name; of one that is not there: any of its name.
 * @param idOf Undefined: there is none.
 */
export function arnOfNamed(
  {
    clusterName = '*',
    name = '*',
  }: { readonly clusterName?: string | undefined; readonly name?: string | undefined },
  idOf: (clusterName: string, name: string) => string | undefined,
  arnOf: (named: { readonly clusterName: string; readonly name: string; readonly id: string }) => string,
): string {
  const isKeyPart = (text: string): boolean => text !== '' && !text.includes('/');
  const id = isKeyPart(clusterName) && isKeyPart(name) ? idOf(clusterName, name) : undefined;
  return arnOf({ clusterName, name, id: id ?? '*' });
}

export const requestTags: Keys<{ readonly tags?: Readonly<Record<string, string>> | undefined }> = ({
  tags: given = {},
}) => (Object.keys(given).length === 0 ? {} : requestTagKeys(given));
