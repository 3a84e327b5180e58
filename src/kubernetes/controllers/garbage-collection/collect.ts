import { again, done, type Outcome, type RecordKey } from '../../../reconcile/index.ts';
import type { OwnerReference } from '../../objects/object.ts';
import { objectRecords, placeOfObject, recordsPrefix } from '../../objects/object-records.ts';
import { isDeletingDependents } from '../../objects/propagation.ts';
import { qualifiedName, type Resource } from '../../schema/catalogue.ts';
import { everything } from '../collections.ts';
import type { Work } from '../controller.ts';
import type { Kept } from '../objects.ts';
import { withoutVersion } from '../writer.ts';
import { type Dependent, decide, type OwnerState, type Step } from './decide.ts';
import type { Dependents } from './dependents.ts';
import { resourceOfKind, resourceOfNoun } from './owners.ts';

/** A kind that was not served may be. */
const lookAgainMs = 30_000;
/** Somebody else was faster. */
const retryMs = 20;

/**
 * Does what is next to be done about an object because of what owns it, or what it owns. Memory shows one revision: whoever
 * is there is there with every owner that was before him, and an owner that is gone never comes back, for its uid does not.
 */
export async function collect(work: Work<Kept>, known: Dependents): Promise<Outcome> {
  const resource = resourceOfKey(work, work.key);
  if (resource === undefined) return done;
  const { metadata } = work.object;
  const owners = (metadata.ownerReferences ?? []).map((reference) => ownerState(work, reference));
  const step = decide({ metadata, owners, dependents: dependentsOf(work, resource, known) });
  return act(work, resource, owners, step);
}

const resourceOfKey = ({ reader }: Work<Kept>, key: string): Resource | undefined =>
  resourceOfNoun(reader, placeOfObject(key), key.split('/')[4] ?? '');

function ownerState({ reader, key, object }: Work<Kept>, reference: OwnerReference): OwnerState {
  const place = placeOfObject(key);
  const resource = resourceOfKind(reader, place, reference);
  if (resource === undefined) return 'unknown';
  const { namespace } = object.metadata;
  if (resource.isNamespaced && namespace === undefined) return 'misplaced';
  const within = recordsPrefix(qualifiedName(resource), place, resource.isNamespaced ? namespace : undefined);
  const owner = reader.get(everything, `${within}${encodeURIComponent(reference.name)}` as RecordKey);
  if (owner?.metadata.uid !== reference.uid) return 'absent';
  return isDeletingDependents(owner.metadata) ? 'deleting-dependents' : 'present';
}

function dependentsOf(
  { reader, object }: Work<Kept>,
  { isNamespaced }: Resource,
  known: Dependents,
): readonly Dependent[] {
  const { uid, namespace } = object.metadata;
  const found: Dependent[] = [];
  for (const key of known.of(uid)) {
    const dependent = reader.get(everything, key as RecordKey);
    if (!dependent?.metadata.ownerReferences?.some((it) => it.uid === uid)) continue;
    if (!isNamespaced || dependent.metadata.namespace === namespace)
      found.push({ key, metadata: dependent.metadata });
  }
  return found;
}

async function act(
  work: Work<Kept>,
  resource: Resource,
  owners: readonly OwnerState[],
  step: Step,
): Promise<Outcome> {
  const { object, reader, writer } = work;
  switch (step.type) {
    case 'nothing':
      return done;
    case 'wait':
      return again(lookAgainMs);
    case 'remove-finalizer':
      await writer.change(resource, object, (present) => withoutFinalizer(present, step.finalizer));
      return done;
    case 'orphan':
      for (const { key } of step.dependents) {
        const [own, dependent] = [resourceOfKey(work, key), reader.get(everything, key as RecordKey)];
        if (own !== undefined && dependent !== undefined)
          await cut(work, own, dependent, [object.metadata.uid]);
      }
      return again(0);
    case 'cut':
      await cut(work, resource, object, step.uids);
      return done;
    case 'delete': {
      tellMisplaced(work, owners);
      if (step.unblocks) await writer.change(resource, object, unblocked);
      const revision = step.unblocks ? writer.revision : revisionOf(work);
      const removal = { propagationPolicy: step.policy, resourceVersion: String(revision) };
      return (await writer.remove(resource, object, removal)) ? done : again(retryMs);
    }
  }
}

/** Of the object as it was judged. */
function revisionOf({ reader, key }: Work<Kept>): number {
  // It comes first of what begins as it does.
  for (const stored of reader.list(everything, key)) return stored.revision;
  return 0;
}

function withoutFinalizer<T extends Kept>(present: T, finalizer: string): T {
  const { finalizers = [], ...metadata } = withoutVersion(present.metadata);
  const others = finalizers.filter((it) => it !== finalizer);
  return { ...present, metadata: { ...metadata, ...(others.length > 0 && { finalizers: others }) } };
}

/** The object names those as its owners no longer. */
function cut(
  { writer }: Work<Kept>,
  resource: Resource,
  object: Kept,
  uids: readonly string[],
): Promise<void> {
  return writer.change(resource, object, (present) =>
    withReferences(present, (references) => references.filter(({ uid }) => !uids.includes(uid))),
  );
}

/** Nobody waits for it any more. */
const unblocked = <T extends Kept>(present: T): T =>
  withReferences(present, (references) =>
    references.map(({ blockOwnerDeletion, ...reference }) => ({
      ...reference,
      ...(blockOwnerDeletion !== undefined && { blockOwnerDeletion: false }),
    })),
  );

function withReferences<T extends Kept>(
  present: T,
  change: (references: readonly OwnerReference[]) => readonly OwnerReference[],
): T {
  const { ownerReferences = [], ...metadata } = withoutVersion(present.metadata);
  const left = change(ownerReferences);
  return { ...present, metadata: { ...metadata, ...(left.length > 0 && { ownerReferences: left }) } };
}

/** Tells which owners it is deleted for the lack of that there are, but in another namespace. */
function tellMisplaced({ reader, key, object, events }: Work<Kept>, owners: readonly OwnerState[]): void {
  const { namespace = '', ownerReferences = [] } = object.metadata;
  for (const [index, reference] of ownerReferences.entries()) {
    const resource = resourceOfKind(reader, placeOfObject(key), reference);
    if (owners[index] !== 'absent' || !resource?.isNamespaced) continue;
    const noun = qualifiedName(resource);
    const all = reader.list(objectRecords(noun), recordsPrefix(noun, placeOfObject(key)));
    if (![...all].some(({ value }) => value.metadata.uid === reference.uid)) continue;
    const { apiVersion, kind, name, uid } = reference;
    const owner = `[${apiVersion}/${kind}, namespace: ${namespace}, name: ${name}, uid: ${uid}]`;
    events.warning(
      object,
      'OwnerRefInvalidNamespace',
      `ownerRef ${owner} does not exist in namespace ${JSON.stringify(namespace)}`,
    );
  }
}
