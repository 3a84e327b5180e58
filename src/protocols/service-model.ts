import { NormalizedSchema } from '@smithy/core/schema';
import { isRecord } from './record.ts';
import { isStreamed } from './schema.ts';

export type ProtocolName = 'awsJson1_0' | 'awsJson1_1' | 'restJson1' | 'awsQuery' | 'ec2Query' | 'rpcV2Cbor';

/** A service as its SDK client describes it. */
export interface ServiceModel {
  readonly protocol: ProtocolName;
  /** The service spoke awsQuery once, and clients of every age are served: awsQuery, awsJson1_0 and rpc-v2-cbor. */
  readonly isQueryCompatible: boolean;
  /** E.g. `2014-11-13`. */
  readonly version: string;
  /** What stands before the operation's name in `X-Amz-Target`, e.g. `AmazonEC2ContainerServiceV20141113`. */
  readonly targetPrefix: string;
  /** Of the query protocols' answers; empty elsewhere. */
  readonly xmlNamespace: string;
  /** By wire name. */
  readonly operations: ReadonlyMap<string, OperationModel>;
  /** By the error's name and, where it differs, by its code on the wire. */
  readonly errors: ReadonlyMap<string, ErrorModel>;
}

export interface OperationModel {
  readonly name: string;
  readonly input: NormalizedSchema;
  readonly output: NormalizedSchema;
  /** Method, path pattern and status of success, for the REST protocols. */
  readonly http: { readonly method: string; readonly path: string; readonly status: number } | undefined;
  /** Whether its input or output is a stream of bytes or events, which the codecs refuse. */
  readonly isStreamed: boolean;
}

export interface ErrorModel {
  /** The error's name in the SDK, e.g. `NoSuchEntityException`. */
  readonly name: string;
  /** What stands on the wire, e.g. `NoSuchEntity`. */
  readonly code: string;
  readonly status: number;
  /** Whose fault: the sender's, or the service's. */
  readonly fault: 'client' | 'server';
  readonly schema: NormalizedSchema;
}

/**
 * Reads the model out of an SDK client package's module (`@aws-sdk/client-*`).
 * @throws {Error} the module is not one, or its client speaks a protocol that isn't here.
 */
export function readServiceModel(sdk: object): ServiceModel {
  const operations = new Map<string, OperationModel>();
  const errors = new Map<string, ErrorModel>();
  for (const exported of Object.values(sdk)) {
    if (isOperationSchema(exported)) operations.set(exported[2], operationModel(exported));
    else if (isErrorSchema(exported)) addError(errors, exported);
  }
  if (operations.size === 0) throw new Error('The module exports no operation schemas: is it an SDK client?');
  return { ...clientSettings(sdk), operations, errors };
}

type OperationSchema = readonly [9, string, string, unknown, () => object | 'unit', () => object | 'unit'];
type ErrorSchema = Parameters<typeof NormalizedSchema.of>[0] & readonly [-3, string, string, ...unknown[]];

function isOperationSchema(value: unknown): value is OperationSchema {
  return Array.isArray(value) && value[0] === 9 && typeof value[2] === 'string';
}

/** Errors that the SDK made up for itself are none of the service's. */
function isErrorSchema(value: unknown): value is ErrorSchema {
  return Array.isArray(value) && value[0] === -3 && !String(value[1]).startsWith('smithy.ts.sdk.synthetic');
}

/** EC2 alone has hundreds of operations: each is looked into when it is first asked for. */
function operationModel(schema: OperationSchema): OperationModel {
  const [, , name, traits, inputSchema, outputSchema] = schema;
  let input: NormalizedSchema | undefined;
  let output: NormalizedSchema | undefined;
  let streamed: boolean | undefined;
  return {
    name,
    get input() {
      input ??= normalized(inputSchema);
      return input;
    },
    get output() {
      output ??= normalized(outputSchema);
      return output;
    },
    http: httpTrait(traits),
    get isStreamed() {
      streamed ??= isStreamed(this.input) || isStreamed(this.output);
      return streamed;
    },
  };
}

function normalized(schema: unknown): NormalizedSchema {
  return NormalizedSchema.of(schema as Parameters<typeof NormalizedSchema.of>[0]);
}

function httpTrait(traits: unknown): OperationModel['http'] {
  const http: unknown = isRecord(traits) ? traits.http : undefined;
  if (!Array.isArray(http)) return undefined;
  const [method, path, status] = http;
  return { method: String(method), path: String(path), status: Number(status) };
}

function addError(errors: Map<string, ErrorModel>, errorSchema: ErrorSchema): void {
  const schema = NormalizedSchema.of(errorSchema);
  const name = errorSchema[2];
  const traits: Record<string, unknown> = schema.getMergedTraits();
  const queryError = Array.isArray(traits.awsQueryError) ? traits.awsQueryError : [];
  const code = typeof queryError[0] === 'string' ? queryError[0] : name;
  const fault = traits.error === 'server' ? 'server' : 'client';
  const status = Number(traits.httpError ?? queryError[1] ?? (fault === 'server' ? 500 : 400));
  const model = { name, code, status, fault, schema } as const;
  errors.set(name, model);
  if (!errors.has(code)) errors.set(code, model);
}

/** Protocol, version and the like are the SDK client's configuration; making a client costs a few milliseconds. */
function clientSettings(
  sdk: object,
): Pick<ServiceModel, 'protocol' | 'isQueryCompatible' | 'version' | 'targetPrefix' | 'xmlNamespace'> {
  const [, Client] = Object.entries(sdk).find(([name, value]) => isClientClass(name, value)) ?? [];
  if (typeof Client !== 'function')
    throw new Error('The module exports no client class: is it an SDK client?');
  // Never used to send: the credentials are placeholders that keep it from looking for real ones.
  const client: unknown = Reflect.construct(Client, [
    { region: 'us-east-1', credentials: { accessKeyId: 'unused', secretAccessKey: 'unused' } },
  ]);
  const config = property(client, 'config');
  const settings = property(config, 'protocolSettings');
  return {
    protocol: protocolName(property(config, 'protocol')),
    isQueryCompatible: property(settings, 'awsQueryCompatible') === true,
    version: text(property(settings, 'version')),
    targetPrefix: text(property(settings, 'serviceTarget')),
    xmlNamespace: text(property(settings, 'xmlNamespace')),
  };
}

function isClientClass(name: string, value: unknown): boolean {
  return typeof value === 'function' && name.endsWith('Client') && name !== '__Client';
}

const protocolNames: readonly ProtocolName[] = [
  'awsJson1_0',
  'awsJson1_1',
  'restJson1',
  'awsQuery',
  'ec2Query',
];

function protocolName(protocol: unknown): ProtocolName {
  const getShapeId = property(protocol, 'getShapeId');
  const id: unknown = typeof getShapeId === 'function' ? getShapeId.call(protocol) : undefined;
  const name = protocolNames.find((known) => id === `aws.protocols#${known}`);
  if (name === undefined) throw new Error(`No codec for the protocol ${String(id)}`);
  return name;
}

function property(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
