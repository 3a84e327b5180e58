import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCodec } from './create-codec.ts';
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
const services = [
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

const runs = { numRuns: 5, seed: 20_141_113 };
const requestId = '7c1f7a3e-57d4-4f05-9a53-0d2b1c6f2f1e';

const inputCarriers: Readonly<Record<ProtocolName, Carrier>> = {
  awsJson1_0: { text: 'unicode', hasEmptyStructures: true, hasEmptyLists: true },
  awsJson1_1: { text: 'unicode', hasEmptyStructures: true, hasEmptyLists: true },
  restJson1: { text: 'unicode', hasEmptyStructures: true, hasEmptyLists: true },
  awsQuery: { text: 'unicode', hasEmptyStructures: false, hasEmptyLists: true },
  ec2Query: { text: 'unicode', hasEmptyStructures: false, hasEmptyLists: false },
};

const json: Carrier = { text: 'unicode', hasEmptyStructures: true, hasEmptyLists: true };
const xml: Carrier = { text: 'xml', hasEmptyStructures: true, hasEmptyLists: true };
const outputCarriers: Readonly<Record<ProtocolName, Carrier>> = {
  awsJson1_0: json,
  awsJson1_1: json,
  restJson1: json,
  awsQuery: xml,
  ec2Query: xml,
};

describe.each(services)('the codec of $signingName', ({ signingName, load, operations }) => {
  const setUp = async () => {
    const sdk = await load();
    const model = readServiceModel(sdk);
    const codec = createCodec(model, rulesOf(signingName));
    const carried = [...model.operations.values()].filter(
      ({ name }) => !(`${signingName}:${name}` in exceptions),
    );
    return { sdk, model, codec, carried };
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
    const { sdk, model, codec, carried } = await setUp();
    let operationRead = '';
    let inputRead: unknown;
    const client = loopbackClient(sdk, (request: WireRequest): WireAnswer => {
      const opened = codec.open(request);
      operationRead = opened.operation.name;
      inputRead = opened.readInput();
      return codec.writeOutput(opened.operation, {}, requestId);
    });
    for (const operation of carried) {
      let overwritten = false;
      const skipped = madeByTheClient[`${signingName}:${operation.name}`] ?? [];
      await fc.assert(
        fc.asyncProperty(arbitraryValue(operation.input, inputCarriers[model.protocol]), async (sent) => {
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
    const { sdk, model, codec, carried } = await setUp();
    const current: { operation?: OperationModel; output?: unknown } = {};
    const client = loopbackClient(sdk, () => {
      if (current.operation === undefined) throw new Error('no operation is being tested');
      return codec.writeOutput(current.operation, current.output, requestId);
    });
    for (const operation of carried) {
      const [input] = fc.sample(arbitraryValue(operation.input, inputCarriers[model.protocol]), {
        numRuns: 1,
        seed: runs.seed,
      });
      await fc.assert(
        fc.asyncProperty(arbitraryValue(operation.output, outputCarriers[model.protocol]), async (output) => {
          current.operation = operation;
          current.output = output;
          const { $metadata, ...answer } = await client.call(operation.name, input);
          expect($metadata).toMatchObject({ httpStatusCode: operation.http?.status ?? 200 });
          expect(answer, operation.name).toEqual(output);
        }),
        runs,
      );
    }
  });

  it("writes every modelled error as the SDK's client reads it", async () => {
    const { sdk, model, codec, carried } = await setUp();
    const current: { refusal?: Refusal } = {};
    const client = loopbackClient(sdk, () => {
      if (current.refusal === undefined) throw new Error('no refusal is being tested');
      return codec.writeRefusal(current.refusal, requestId);
    });
    const [operation] = carried;
    if (operation === undefined) throw new Error('the service has no operations');
    const carrier = outputCarriers[model.protocol];
    const [input] = fc.sample(arbitraryValue(operation.input, inputCarriers[model.protocol]), 1);
    for (const [code, error] of model.errors) {
      await fc.assert(
        fc.asyncProperty(arbitraryValue(error.schema, carrier), fc.string(), async (generated, text) => {
          const message = `Message: ${text}.`;
          const members = without(generated, ['message', 'Message']);
          current.refusal = new Refusal(code, message, { members });
          const caught = await client.call(operation.name, input).catch((thrown: unknown) => thrown);
          expect(caught).toBeInstanceOf(Error);
          const { name, fault, status } = error;
          const expected = {
            ...members,
            name,
            message,
            $fault: fault,
            $metadata: { httpStatusCode: status },
          };
          expect(caught, code).toMatchObject(expected);
        }),
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
