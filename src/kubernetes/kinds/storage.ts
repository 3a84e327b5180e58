import { parseQuantity } from '../../quantity.ts';
import { jsonEqual } from '../../store/index.ts';
import { type FieldError, forbiddenField, invalidValue, required } from '../apiserver/status.ts';
import { isJsonObject, type JsonObject, listOf, memberOf, textOf } from '../objects/object.ts';
import { immutableErrors } from './immutable.ts';
import { ensured, type Kind, setDefaults } from './kind.ts';

export const storageClass: Kind = {
  answersDeleted: true,
  defaults: (draft) => setDefaults(draft, { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' }),
  validate: (object, before) => [
    ...(before !== undefined && !jsonEqual(memberOf(object, 'parameters'), memberOf(before, 'parameters'))
      ? [forbiddenField('parameters', 'updates to parameters are forbidden.')]
      : []),
    ...['provisioner', 'reclaimPolicy']
      .filter((field) => before !== undefined && object[field] !== before[field])
      .map((field) => forbiddenField(field, `updates to ${field} are forbidden.`)),
    ...immutableErrors(object, before, ['volumeBindingMode']),
  ],
};

export const volumeAttributesClass: Kind = {
  answersDeleted: true,
  validate: (object, before) => {
    if (before === undefined) return [];
    const errors: FieldError[] = [];
    if (object.driverName !== before.driverName)
      errors.push(forbiddenField('driverName', 'updates to driverName are forbidden.'));
    if (!jsonEqual(memberOf(object, 'parameters'), memberOf(before, 'parameters')))
      errors.push(forbiddenField('parameters', 'updates to parameters are forbidden.'));
    return errors;
  },
};

export const csiDriver: Kind = {
  ...{ hasGeneration: true, needsVersionForUpdate: true, answersDeleted: true },
  defaults: (draft) =>
    setDefaults(ensured(draft, 'spec'), {
      ...{ attachRequired: true, podInfoOnMount: false, storageCapacity: false, requiresRepublish: false },
      ...{
        fsGroupPolicy: 'ReadWriteOnceWithFSType',
        volumeLifecycleModes: ['Persistent'],
        seLinuxMount: false,
      },
    }),
  validate: (object, before) =>
    immutableErrors(object, before, ['spec.attachRequired', 'spec.volumeLifecycleModes']),
};

export const csiStorageCapacity: Kind = {
  ...{ needsVersionForUpdate: true, answersDeleted: true },
  validate: (object, before) => immutableErrors(object, before, ['nodeTopology', 'storageClassName']),
};

export const volumeAttachment: Kind = {
  ...{ needsVersionForUpdate: true, answersDeleted: true },
  validate: (object, before) => [
    ...attachedErrors(memberOf(memberOf(object, 'spec'), 'source')),
    ...immutableErrors(object, before, ['spec']),
  ],
};

const onlyOneSource = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';

/** What is attached has a name, or is described in place: then nobody claims it, and its driver knows the rest. */
function attachedErrors({ persistentVolumeName, inlineVolumeSpec }: JsonObject): readonly FieldError[] {
  const at = 'spec.source';
  if (persistentVolumeName === undefined && inlineVolumeSpec === undefined)
    return [required(at, onlyOneSource)];
  if (persistentVolumeName !== undefined && inlineVolumeSpec !== undefined)
    return [forbiddenField(at, onlyOneSource)];
  if (!isJsonObject(inlineVolumeSpec))
    return persistentVolumeName === ''
      ? [required(`${at}.persistentVolumeName`, 'must specify non empty persistentVolumeName')]
      : [];
  const inline = `${at}.inlineVolumeSpec`;
  return [
    ...notInline
      .filter((field) => inlineVolumeSpec[field] !== undefined)
      .map((field) =>
        forbiddenField(`${inline}.${field}`, 'may not be specified in the context of inline volumes'),
      ),
    ...(inlineVolumeSpec.csi === undefined
      ? [required(`${inline}.csi`, 'has to be specified in the context of inline volumes')]
      : []),
  ];
}

const notInline = [
  ...['claimRef', 'capacity', 'persistentVolumeReclaimPolicy', 'nodeAffinity', 'storageClassName'],
  'volumeMode',
];

const claimWords =
  'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';

export const persistentVolumeClaim: Kind = {
  answersDeleted: true,
  defaults: (draft) => setDefaults(ensured(draft, 'spec'), { volumeMode: 'Filesystem' }),
  onCreate: (draft) => {
    draft.status = { phase: 'Pending' };
  },
  validate: (object, before) => {
    const spec = memberOf(object, 'spec');
    const errors: FieldError[] = [];
    if (listOf(spec, 'accessModes').length === 0)
      errors.push(required('spec.accessModes', 'at least 1 access mode is required'));
    const requests = memberOf(memberOf(spec, 'resources'), 'requests');
    if (requests.storage === undefined) errors.push(required('spec.resources[storage]'));
    if (before === undefined) return errors;
    const was = memberOf(before, 'spec');
    const isBound = textOf(memberOf(before, 'status'), 'phase') === 'Bound';
    if (!jsonEqual(fixedOfClaim(spec, isBound), fixedOfClaim(was, isBound)))
      errors.push(forbiddenField('spec', claimWords));
    const capacity = memberOf(memberOf(before, 'status'), 'capacity').storage;
    const asked = memberOf(memberOf(was, 'resources'), 'requests').storage;
    const [now, then, has] = [requests.storage, asked, capacity].map(
      (it) => parseQuantity(String(it))?.nanos,
    );
    // A volume may be larger than what was asked for; going back is for expansions that failed.
    if (now !== undefined && then !== undefined && now < then && now <= (has ?? 0n))
      errors.push(
        forbiddenField('spec.resources.requests.storage', 'field can not be less than status.capacity'),
      );
    return errors;
  },
};

/** A controller says once which volume it is to be; a bound claim may grow. */
function fixedOfClaim(spec: JsonObject, isBound: boolean): JsonObject {
  const { volumeName: _, volumeAttributesClassName: _2, resources: _3, ...fixed } = spec;
  return isBound ? fixed : { ...fixed, resources: spec.resources ?? {} };
}

/** What says where the volume is. */
function sourceOf(spec: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(spec).filter(([name]) => !nonSources.has(name)));
}

const nonSources = new Set([
  ...['accessModes', 'capacity', 'claimRef', 'mountOptions', 'nodeAffinity', 'persistentVolumeReclaimPolicy'],
  ...['storageClassName', 'volumeAttributesClassName', 'volumeMode'],
]);

export const persistentVolume: Kind = {
  answersDeleted: true,
  defaults: (draft) =>
    setDefaults(ensured(draft, 'spec'), {
      persistentVolumeReclaimPolicy: 'Retain',
      volumeMode: 'Filesystem',
    }),
  onCreate: (draft) => {
    draft.status = { phase: 'Pending' };
  },
  validate: (object, before) => {
    const spec = memberOf(object, 'spec');
    const sources = Object.keys(sourceOf(spec));
    const errors: FieldError[] = [];
    if (Object.keys(memberOf(spec, 'capacity')).length === 0) errors.push(required('spec.capacity'));
    if (sources.length === 0) errors.push(required('spec', 'must specify a volume type'));
    for (const source of sources.slice(1))
      errors.push(forbiddenField(`spec.${source}`, 'may not specify more than 1 volume type'));
    if (before === undefined) return errors;
    const was = memberOf(before, 'spec');
    if (!jsonEqual(sourceOf(spec), sourceOf(was)))
      errors.push(
        forbiddenField(
          'spec.persistentvolumesource',
          'spec.persistentvolumesource is immutable after creation',
        ),
      );
    if (spec.volumeMode !== was.volumeMode)
      errors.push(invalidValue('spec.volumeMode', spec.volumeMode, 'field is immutable'));
    return errors;
  },
};
