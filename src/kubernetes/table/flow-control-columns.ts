import { type KubernetesObject, memberOf, numberOf, textOf } from '../objects/object.ts';
import {
  ageColumn,
  type Column,
  count,
  nameColumn,
  none,
  objects,
  orNone,
  spec,
  status,
  text,
} from './column.ts';

const limited = (object: KubernetesObject) => memberOf(spec(object), 'limited');
const queuing = (object: KubernetesObject) => memberOf(memberOf(limited(object), 'limitResponse'), 'queuing');
/** Levels that have none of it say so. */
const numberOrNone = (of: object, name: string): string => (name in of ? String(numberOf(of, name)) : none);

/** `?`: nobody has looked yet. */
const missingLevel = (object: KubernetesObject): string =>
  objects(status(object), 'conditions')
    .filter((it) => textOf(it, 'type') === 'Dangling')
    .map((it) => textOf(it, 'status'))
    .at(0) ?? '?';

export const flowControlColumns: Readonly<Record<string, readonly Column[]>> = {
  'flowschemas.flowcontrol.apiserver.k8s.io': [
    nameColumn,
    text('PriorityLevel', (object) => textOf(memberOf(spec(object), 'priorityLevelConfiguration'), 'name')),
    count('MatchingPrecedence', (object) => numberOf(spec(object), 'matchingPrecedence')),
    text('DistinguisherMethod', (object) =>
      orNone(textOf(memberOf(spec(object), 'distinguisherMethod'), 'type')),
    ),
    ageColumn,
    text('MissingPL', missingLevel),
  ],
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io': [
    nameColumn,
    text('Type', (object) => textOf(spec(object), 'type')),
    text('NominalConcurrencyShares', (object) => numberOrNone(limited(object), 'nominalConcurrencyShares')),
    text('Queues', (object) => numberOrNone(queuing(object), 'queues')),
    text('HandSize', (object) => numberOrNone(queuing(object), 'handSize')),
    text('QueueLengthLimit', (object) => numberOrNone(queuing(object), 'queueLengthLimit')),
    ageColumn,
  ],
};
