import { isDeepStrictEqual } from 'node:util';
import { AwsQueryProtocol, AwsSmithyRpcV2CborProtocol } from '@aws-sdk/core/protocols';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Codec } from './codec.ts';
import { createCodecs } from './create-codec.ts';
import { Refusal } from './refusal.ts';
import { type OperationModel, type ProtocolName, readServiceModel } from './service-model.ts';
import { rulesOf } from './service-rules.ts';
import { arbitraryValue, type Carrier } from './testing/arbitrary-value.ts';
import { loopbackClient } from './testing/loopback-client.ts';
import type { WireAnswer, WireRequest } from './wire.ts';

/**
 * The contract with the official SDK: whatever its clients send, for any operation of any service, is read as
 * what was meant; whatever the codec writes, the clients read as what was meant.
 */
interface TestedService {
  readonly signingName: string;
  readonly load: () => Promise<object>;
  readonly operations: number;
  /** Where it is another than the client's own. */
  readonly protocol?: ProtocolName;
  readonly client?: { readonly protocol: unknown };
}

const services: readonly TestedService[] = [
  { signingName: 'ecs', load: () => import('@aws-sdk/client-ecs'), operations: 88 },
  { signingName: 'eks', load: () => import('@aws-sdk/client-eks'), operations: 70 },
  { signingName: 'iam', load: () => import('@aws-sdk/client-iam'), operations: 180 },
  { signingName: 'sts', load: () => import('@aws-sdk/client-sts'), operations: 12 },
  { signingName: 'ec2', load: () => import('@aws-sdk/client-ec2'), operations: 823 },
  {
    signingName: 'elasticloadbalancing',
    load: () => import('@aws-sdk/client-elastic-load-balancing-v2'),
    operations: 51,
  },
  { signingName: 'logs', load: () => import('@aws-sdk/client-cloudwatch-logs'), operations: 118 },
  { signingName: 'monitoring', load: () => import('@aws-sdk/client-cloudwatch'), operations: 55 },
  {
    signingName: 'monitoring',
    load: () => import('@aws-sdk/client-cloudwatch'),
    operations: 55,
    // As clients speak it that are older, and others that are newer, than this SDK's choice.
    protocol: 'awsQuery',
    client: { protocol: AwsQueryProtocol },
  },
  {
    signingName: 'monitoring',
    load: () => import('@aws-sdk/client-cloudwatch'),
    operations: 55,
    protocol: 'rpcV2Cbor',
    client: { protocol: AwsSmithyRpcV2CborProtocol },
  },
  { signingName: 'events', load: () => import('@aws-sdk/client-eventbridge'), operations: 57 },
  {
    signingName: 'application-autoscaling',
    load: () => import('@aws-sdk/client-application-auto-scaling'),
    operations: 14,
  },
  { signingName: 'acm', load: () => import('@aws-sdk/client-acm'), operations: 40 },
  { signingName: 'kms', load: () => import('@aws-sdk/client-kms'), operations: 56 },
  { signingName: 'servicediscovery', load: () => import('@aws-sdk/client-servicediscovery'), operations: 30 },
];

/** The operations that the codecs can't carry, each with its reason. The tests fail when the list is not exact. */
const exceptions: Readonly<Record<string, string>> = {
  'logs:GetLogObject': 'answers with an event stream',
  'logs:StartLiveTail': 'answers with an event stream',
};

/** Members that the client itself writes over before it sends. */
const madeByTheClient: Readonly<Record<string, readonly string[]>> = {
  'ec2:CopySnapshot': ['DestinationRegion', 'PresignedUrl'],
};

/** Members that choose another host, which the client checks and the tests are not about. */
const choosingTheHost: Readonly<Record<string, readonly string[]>> = {
  'events:PutEvents': ['EndpointId'],
};

const runs = { numRuns: 5, seed: 20_141_113 };
const requestId = '7c1f7a3e-57d4-4f05-9a53-0d2b1c6f2f1e';

const inputCarriers: Readonly<Record<ProtocolName, Carrier>> = {
  awsJson1_0: { text: 'unicode', hasEmptyStructures: true, hasEmptyLists: true },
  awsJson1_1: { text: 'unicode', hasEmptyStructures: true, hasEmptyLists: true },
  restJson1: { text: 'unicode', hasEmptyStructures: true, hasEmptyLists: true },
  awsQuery: { text: 'unicode', hasEmptyStructures: false, hasEmptyLists: true },
  ec2Query: { text: 'unicode', hasEmptyStructures: false, hasEmptyLists: false },
  rpcV2Cbor: { text: 'unicode', hasEmptyStructures: true, hasEmptyLists: true },
};

const json: Carrier = { text: 'unicode', hasEmptyStructures: true, hasEmptyLists: true };
const xml: Carrier = { text: 'xml', hasEmptyStructures: true, hasEmptyLists: true };
const outputCarriers: Readonly<Record<ProtocolName, Carrier>> = {
  awsJson1_0: json,
  awsJson1_1: json,
  restJson1: json,
  awsQuery: xml,
  ec2Query: xml,
  rpcV2Cbor: { ...json, hasProtoKeys: false },
};

describe.each(services)('the codec of $signingName in $protocol', (service) => {
  const { signingName, load, operations, client = {} } = service;
  const setUp = async () => {
    const sdk = await load();
    const model = readServiceModel(sdk);
    const codecOf = await createCodecs(model, rulesOf(signingName));
    const { protocol = model.protocol } = service;
    const carried = [...model.operations.values()].filter(
      ({ name }) => !(`${signingName}:${name}` in exceptions),
    );
    const clientOf = (serve: (codec: Codec, request: WireRequest) => WireAnswer) =>
      loopbackClient(sdk, (request) => serve(codecOf(request), request), client);
    const { decimals } = rulesOf(signingName);
    const inputOf = (operation: OperationModel) =>
      arbitraryValue(operation.input, { ...inputCarriers[protocol], decimals }).map((input) =>
        without(input, choosingTheHost[`${signingName}:${operation.name}`] ?? []),
      );
    return { model, carried, clientOf, inputOf, outputCarrier: outputCarriers[protocol] };
  };

  it('knows every operation of the SDK, and refuses exactly those listed as exceptions', async () => {
    const { model } = await setUp();
    expect(model.operations.size).toBe(operations);
    const streamed = [...model.operations.values()].filter((operation) => operation.isStreamed);
    expect(streamed.map(({ name }) => `${signingName}:${name}`)).toEqual(
      Object.keys(exceptions).filter((name) => name.startsWith(`${signingName}:`)),
    );
  });

  it("reads every operation's input as the SDK's client meant it", { timeout: 60_000 }, async () => {
    const { carried, clientOf, inputOf } = await setUp();
    let operationRead = '';
    let inputRead: unknown;
    const client = clientOf((codec, request) => {
      const opened = codec.open(request);
      operationRead = opened.operation.name;
      inputRead = opened.readInput();
      return codec.writeOutput(opened.operation, {}, requestId);
    });
    for (const operation of carried) {
      let overwritten = false;
      const skipped = madeByTheClient[`${signingName}:${operation.name}`] ?? [];
      await fc.assert(
        fc.asyncProperty(inputOf(operation), async (sent) => {
          operationRead = '';
          await client.call(operation.name, sent);
          expect(operationRead).toBe(operation.name);
          expect(without(inputRead, skipped), operation.name).toEqual(without(sent, skipped));
          overwritten ||= !isDeepStrictEqual(without(inputRead, []), without(sent, []));
        }),
        runs,
      );
      expect(overwritten, `${operation.name} is written over by the client`).toBe(skipped.length > 0);
    }
  });

  it("writes every operation's output as the SDK's client reads it", { timeout: 60_000 }, async () => {
    const { carried, clientOf, inputOf, outputCarrier } = await setUp();
    const current: { operation?: OperationModel; output?: unknown } = {};
    const client = clientOf((codec) => {
      if (current.operation === undefined) throw new Error('no operation is being tested');
      return codec.writeOutput(current.operation, current.output, requestId);
    });
    for (const operation of carried) {
      const [input] = fc.sample(inputOf(operation), {
        numRuns: 1,
        seed: runs.seed,
      });
      await fc.assert(
        fc.asyncProperty(arbitraryValue(operation.output, outputCarrier), async (output) => {
          current.operation = operation;
          current.output = output;
          const { $metadata, ...answer } = await client.call(operation.name, input);
          expect($metadata).toMatchObject({ httpStatusCode: operation.http?.status ?? 200 });
          // Cloned: some of the client's readers give bytes as a class of their own.
          expect(structuredClone(answer), operation.name).toEqual(output);
        }),
        runs,
      );
    }
  });

  it("writes every modelled error as the SDK's client reads it", async () => {
    const { model, carried, clientOf, inputOf, outputCarrier } = await setUp();
    const current: { refusal?: Refusal } = {};
    const client = clientOf((codec) => {
      if (current.refusal === undefined) throw new Error('no refusal is being tested');
      return codec.writeRefusal(current.refusal, requestId);
    });
    const [operation] = carried;
    if (operation === undefined) throw new Error('the service has no operations');
    const [input] = fc.sample(inputOf(operation), 1);
    for (const [code, error] of model.errors) {
      await fc.assert(
        fc.asyncProperty(
          arbitraryValue(error.schema, outputCarrier),
          fc.string(),
          async (generated, text) => {
            const message = `Message: ${text}.`;
            const members = without(generated, ['message', 'Message']);
            current.refusal = new Refusal(code, message, { members });
            const caught = await client.call(operation.name, input).catch((thrown: unknown) => thrown);
            expect(caught).toBeInstanceOf(Error);
            // Clients of a service that once spoke awsQuery tell errors apart by the codes that they had there.
            const { name, fault, status } =
              (model.isQueryCompatible && model.errors.get(error.code)) || error;
            const expected = {
              ...members,
              name,
              message,
              $fault: fault,
              $metadata: { httpStatusCode: status },
            };
            expect(caught, code).toMatchObject(expected);
          },
        ),
        runs,
      );
    }
    current.refusal = new Refusal('MadeUpCode', 'An error that the model does not know.', { status: 418 });
    await expect(client.call(operation.name, input)).rejects.toMatchObject({
      name: 'MadeUpCode',
      message: 'An error that the model does not know.',
      $metadata: { httpStatusCode: 418 },
    });
  });
});

function without(value: unknown, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(Object(value)).filter(([name]) => !names.includes(name)));
}
