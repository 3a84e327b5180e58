import type { Json } from '../../store/index.ts';
import { type FieldError, invalidValue } from '../apiserver/status.ts';
import type { ObjectMeta, OwnerReference } from '../objects/object.ts';
import { foregroundDeletion, hasFinalizer, orphan } from '../objects/propagation.ts';
import { wordsAgainstLabelKey } from '../validation/name-forms.ts';

const path = 'metadata.ownerReferences';

/** What is wrong with what an object says of its owners, and of who is to be waited for when it is deleted. */
export function ownerErrors(metadata: ObjectMeta): readonly FieldError[] {
  const { ownerReferences = [], finalizers = [] } = metadata;
  const errors = ownerReferences.flatMap(referenceErrors);
  const [first, second] = ownerReferences.filter(({ controller }) => controller === true);
  if (first !== undefined && second !== undefined) {
    const told = `Only one reference can have Controller set to true. Found "true" in references for ${first.name} and ${second.name}`;
    errors.push(invalidValue(path, ownerReferences as unknown as Json, told));
  }
  for (const finalizer of finalizers)
    for (const words of wordsAgainstLabelKey(finalizer))
      errors.push(invalidValue('metadata.finalizers', finalizer, words));
  if (hasFinalizer(metadata, orphan) && hasFinalizer(metadata, foregroundDeletion)) {
    const told = `finalizer ${orphan} and ${foregroundDeletion} cannot be both set`;
    errors.push(invalidValue('metadata.finalizers', finalizers, told));
  }
  return errors;
}

function referenceErrors(reference: OwnerReference): FieldError[] {
  const { apiVersion = '', kind = '', name = '', uid = '' } = reference;
  const errors: FieldError[] = [];
  if (apiVersion === '' || apiVersion.endsWith('/'))
    errors.push(invalidValue(`${path}.apiVersion`, apiVersion, 'version must not be empty'));
  if (kind === '') errors.push(invalidValue(`${path}.kind`, kind, 'must not be empty'));
  if (name === '') errors.push(invalidValue(`${path}.name`, name, 'must not be empty'));
  if (uid === '') errors.push(invalidValue(`${path}.uid`, uid, 'must not be empty'));
  if (apiVersion === 'v1' && kind === 'Event')
    errors.push(
      invalidValue(path, reference as unknown as Json, '/v1, Kind=Event is disallowed from being an owner'),
    );
  return errors;
}
