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

/** What Go embeds: protobuf has a message there, JSON doesn't. */
const inlined = new Set(
  [
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
  const own = rows.get(name);
  if (known !== undefined || own === undefined) return known;
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

export function messageNamed(name: string): Message {
  const found = findMessage(name);
  if (found === undefined) throw new Error(`There is no message ${name} in messages.tsv`);
  return found;
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
