import { readFileSync } from 'node:fs';

/**
 * The shape of every message of Kubernetes' API, from one table of facts (`messages.tsv`): how it stands in JSON and in
 * protobuf follows from it.
 */
export interface Message {
  /** E.g. `k8s.io.api.core.v1.Pod`. */
  readonly name: string;
  /** By their names in JSON; those of messages that JSON does not show (`inlined`) among them. */
  readonly fields: ReadonlyMap<string, Field>;
  readonly byNumber: ReadonlyMap<number, Field>;
}

export interface Field {
  readonly name: string;
  readonly number: number;
  readonly isList: boolean;
  readonly type: FieldType;
  /** Its fields stand among those of the message around it, in JSON. */
  readonly isInlined: boolean;
}

export type FieldType =
  | { readonly kind: 'scalar'; readonly scalar: Scalar }
  | { readonly kind: 'message'; readonly message: string }
  | { readonly kind: 'map'; readonly value: FieldType };

export type Scalar = 'string' | 'bytes' | 'bool' | 'int32' | 'int64' | 'double' | 'fixed64';

const api = 'k8s.io.api';
export const metaPackage = 'k8s.io.apimachinery.pkg.apis.meta.v1';
/** Messages that stand in JSON in another form than as an object of their fields. */
export const quantityMessage = 'k8s.io.apimachinery.pkg.api.resource.Quantity';
export const intOrStringMessage = 'k8s.io.apimachinery.pkg.util.intstr.IntOrString';
export const rawExtensionMessage = 'k8s.io.apimachinery.pkg.runtime.RawExtension';
/** In JSON, plain lists of texts. */
export const textListMessages: readonly string[] = [
  'k8s.io.api.authentication.v1.ExtraValue',
  'k8s.io.api.authorization.v1.ExtraValue',
  'k8s.io.api.certificates.v1.ExtraValue',
  `${metaPackage}.Verbs`,
];
export const extensionsPackage = 'k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1';
/** Of a schema of a custom kind; where another thing may stand in its place, the name goes on (`...OrBool`). */
export const schemaMessage = `${extensionsPackage}.JSONSchemaProps`;

/** What Go embeds: protobuf has a message there, JSON doesn't. */
const inlined = new Set(
  [
    'admissionregistration.v1.NamedRuleWithOperations.ruleWithOperations',
    'admissionregistration.v1.RuleWithOperations.rule',
    ...['ConfigMapEnvSource', 'ConfigMapKeySelector', 'ConfigMapProjection', 'ConfigMapVolumeSource'].map(
      (message) => `core.v1.${message}.localObjectReference`,
    ),
    ...['SecretEnvSource', 'SecretKeySelector', 'SecretProjection'].map(
      (message) => `core.v1.${message}.localObjectReference`,
    ),
    'core.v1.EphemeralContainer.ephemeralContainerCommon',
    'core.v1.PersistentVolumeSpec.persistentVolumeSource',
    'core.v1.Probe.handler',
    'core.v1.Volume.volumeSource',
    'networking.v1.IngressRule.ingressRuleValue',
    ...['DeviceAllocationConfiguration', 'DeviceClaimConfiguration', 'DeviceClassConfiguration'].map(
      (message) => `resource.v1.${message}.deviceConfiguration`,
    ),
  ].map((path) => `${api}.${path}`),
);

interface Row {
  readonly number: number;
  readonly name: string;
  readonly isList: boolean;
  readonly type: string;
}

const rows = readRows();
const messages = new Map<string, Message>();

/** Undefined: there is no such message. */
export function findMessage(name: string): Message | undefined {
  const known = messages.get(name);
  if (known !== undefined) return known;
  const own = rows.get(name);
  if (own === undefined) return undefined;
  const fields = new Map<string, Field>();
  const byNumber = new Map<number, Field>();
  const message: Message = { name, fields, byNumber };
  messages.set(name, message);
  const packageName = name.slice(0, name.lastIndexOf('.'));
  for (const { type, ...row } of own) {
    const field: Field = {
      ...row,
      type: typeOf(type, packageName),
      isInlined: inlined.has(`${name}.${row.name}`),
    };
    byNumber.set(field.number, field);
    if (field.isInlined && field.type.kind === 'message') {
      for (const inner of messageNamed(field.type.message).fields.values()) fields.set(inner.name, inner);
    } else fields.set(field.name, field);
  }
  return message;
}

/** The names of all. */
export const allMessages = (): readonly string[] => [...rows.keys()];

export function messageNamed(name: string): Message {
  const found = findMessage(name);
  if (found === undefined) throw new Error(`There is no message ${name} in messages.tsv`);
  return found;
}

/** The message of a kind, e.g. of `apps/v1` and `DeploymentList`; undefined: it has none, as those of custom resources. */
export function messageOfKind(apiVersion: string, kind: string): Message | undefined {
  const slash = apiVersion.indexOf('/');
  const [group, version] = [apiVersion.slice(0, Math.max(slash, 0)), apiVersion.slice(slash + 1)];
  const found = findMessage(`${packageOf(group)}.${version}.${kind}`);
  if (found !== undefined) return found;
  // What belongs to no group; options are sent with that of what they are for.
  const isMeta = apiVersion === 'v1' || group === 'meta.k8s.io' || kind === 'DeleteOptions';
  return isMeta ? findMessage(`${metaPackage}.${kind}`) : undefined;
}

/** `k8s.io.api.rbac` of `rbac.authorization.k8s.io`. Groups of others have none, whatever they begin with. */
export function packageOf(group: string): string | undefined {
  const [first = ''] = group.split('.');
  if (group === '') return `${api}.core`;
  if (group === 'apiregistration.k8s.io') return 'k8s.io.kube_aggregator.pkg.apis.apiregistration';
  if (group === 'apiextensions.k8s.io') return extensionsPackage.slice(0, extensionsPackage.lastIndexOf('.'));
  if (group === 'metrics.k8s.io') return 'k8s.io.metrics.pkg.apis.metrics';
  const isOurs =
    group === first || /^([a-z]+|rbac\.authorization|flowcontrol\.apiserver)\.k8s\.io$/.test(group);
  return isOurs ? `${api}.${first}` : undefined;
}

const scalars: ReadonlySet<string> = new Set<Scalar>([
  'string',
  'bytes',
  'bool',
  'int32',
  'int64',
  'double',
  'fixed64',
]);

function typeOf(text: string, packageName: string): FieldType {
  const map = /^map<string, (.+)>$/.exec(text);
  if (map !== null) return { kind: 'map', value: typeOf(map[1] ?? '', packageName) };
  if (scalars.has(text)) return { kind: 'scalar', scalar: text as Scalar };
  return { kind: 'message', message: text.startsWith('.') ? text.slice(1) : `${packageName}.${text}` };
}

function readRows(): ReadonlyMap<string, readonly Row[]> {
  const byMessage = new Map<string, Row[]>();
  let current: Row[] = [];
  for (const line of readFileSync(new URL('messages.tsv', import.meta.url), 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    if (!line.startsWith('\t')) {
      current = [];
      byMessage.set(line, current);
      continue;
    }
    const [, number = '', name = '', list = '', type = ''] = line.split('\t');
    current.push({ number: Number(number), name, isList: list === '*', type });
  }
  return byMessage;
}
