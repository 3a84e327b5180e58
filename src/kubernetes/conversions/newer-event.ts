import type { KubernetesObject } from '../objects/object.ts';
import type { Conversion } from './conversion.ts';

/** Names in the core group, and in `events.k8s.io`. */
const renamed: Readonly<Record<string, string>> = {
  ...{ involvedObject: 'regarding', message: 'note', source: 'deprecatedSource', count: 'deprecatedCount' },
  ...{ firstTimestamp: 'deprecatedFirstTimestamp', lastTimestamp: 'deprecatedLastTimestamp' },
  reportingComponent: 'reportingController',
};
const renamedBack = Object.fromEntries(Object.entries(renamed).map(([old, newer]) => [newer, old]));

/** Events are one kind with two names for most of its members. */
export const newerEvent: Conversion = {
  toStored: (object) => withNames(object, renamedBack, 'v1'),
  fromStored: (object) => withNames(object, renamed, 'events.k8s.io/v1'),
};

function withNames(
  object: KubernetesObject,
  names: Readonly<Record<string, string>>,
  apiVersion: string,
): KubernetesObject {
  const members = Object.entries(object).map(([name, value]) => [names[name] ?? name, value]);
  return { ...(Object.fromEntries(members) as KubernetesObject), apiVersion };
}
