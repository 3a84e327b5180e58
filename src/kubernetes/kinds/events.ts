import { type FieldError, invalidValue } from '../apiserver/status.ts';
import { type KubernetesObject, memberOf, textOf } from '../objects/object.ts';
import type { Kind } from './kind.ts';

const maxMessage = 1_024;

/** An event stands in the namespace of what it is about; of what has none, in `default`. */
function placeErrors(object: KubernetesObject, about: 'involvedObject' | 'regarding'): readonly FieldError[] {
  const namespace = textOf(memberOf(object, about), 'namespace');
  const isElsewhere =
    namespace === '' ? object.metadata.namespace !== 'default' : namespace !== object.metadata.namespace;
  return isElsewhere ? [invalidValue(`${about}.namespace`, namespace, 'does not match event.namespace')] : [];
}

const lengthErrors = (object: KubernetesObject, field: 'message' | 'note'): readonly FieldError[] =>
  textOf(object, field).length > maxMessage
    ? [invalidValue(field, '', `can have at most ${maxMessage} characters`)]
    : [];

export const event: Kind = {
  createsOnUpdate: true,
  validate: (object) => [
    ...placeErrors(object, 'involvedObject'),
    // Those of the newer kind say when they were, to the microsecond.
    ...(object.eventTime === undefined ? [] : lengthErrors(object, 'message')),
  ],
};

export const newerEvent: Kind = {
  createsOnUpdate: true,
  validate: (object) => [...placeErrors(object, 'regarding'), ...lengthErrors(object, 'note')],
};
