import { CborShapeSerializer2 } from '@smithy/core/cbor';
import { NormalizedSchema } from '@smithy/core/schema';
import { decode } from 'cborg';
import type { Codec, OpenedRequest } from './codec.ts';
import { errorAnswer, queryErrorHeader } from './error-answer.ts';
import { type JsonReader, jsonReaders } from './json-reader.ts';
import { readInput, refuseStreamed, serializationException } from './reading-input.ts';
import { Refusal } from './refusal.ts';
import type { OperationModel, ServiceModel } from './service-model.ts';
import type { ServiceRules } from './service-rules.ts';
import { mismatch, Unreadable } from './unreadable.ts';
import type { WireAnswer, WireRequest } from './wire.ts';

const protocolHeader = { 'smithy-protocol': 'rpc-v2-cbor' };
const headers = { ...protocolHeader, 'content-type': 'application/cbor' };

/**
 * Smithy's RPC v2: `POST /service/<name>/operation/<operation>`, input and output in CBOR (RFC 8949). What was
 * decoded is checked like JSON; only bytes and times have types of their own.
 * https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
 */
export function createRpcV2CborCodec(model: ServiceModel, rules: ServiceRules): Codec {
  const reader = jsonReaders({ usesJsonName: false, isInBody: () => true, blob, timestamp });

  return {
    model,

    open(request: WireRequest): OpenedRequest {
      const operation = operationOf(request, model);
      refuseStreamed(operation, rules);
      return {
        operation,
        readInput: () =>
          readInput(operation, rules, serializationException, (reading) =>
            reader(operation.input)(parse(request.body), reading),
          ),
      };
    },

    writeOutput(operation: OperationModel, output: unknown): WireAnswer {
      if (operation.output.isUnitSchema()) return { status: 200, headers: protocolHeader, body: '' };
      return { status: 200, headers, body: write(operation.output, output ?? {}) };
    },

    writeRefusal(refusal: Refusal): WireAnswer {
      const answer = errorAnswer(refusal, model);
      const members = answer.members.map(({ name, schema, value }) => [name, write(schema, value)] as const);
      return {
        status: answer.status,
        headers: { ...headers, ...queryErrorHeader(answer, model) },
        body: mapOf([
          ['__type', write(text, answer.name)],
          [answer.messageName, write(text, answer.message)],
          ...members,
        ]),
      };
    },
  };
}

const text = NormalizedSchema.of(0);

function write(schema: NormalizedSchema, value: unknown): Uint8Array {
  const serializer = new CborShapeSerializer2();
  serializer.write(schema, value);
  return serializer.flush();
}

/** A map of values that are encoded already; an error never has more than the 23 that one byte counts. */
function mapOf(entries: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  return Buffer.concat([
    Uint8Array.of(0xa0 | entries.length),
    ...entries.flatMap(([key, value]) => [write(text, key), value]),
  ]);
}

function operationOf(request: WireRequest, model: ServiceModel): OperationModel {
  const [, name = '', operationName = ''] =
    /\/service\/([^/]+)\/operation\/([^/]+)$/.exec(request.path) ?? [];
  const service = name.slice(name.lastIndexOf('.') + 1);
  const operation = service === model.targetPrefix ? model.operations.get(operationName) : undefined;
  if (operation === undefined || request.method !== 'POST') {
    throw new Refusal(
      'UnknownOperationException',
      `The operation ${JSON.stringify(request.path)} is not known`,
      {
        status: 404,
      },
    );
  }
  return operation;
}

/** Tag 1: seconds since the epoch. */
const tags = {
  1: (content: () => unknown): Date => {
    const seconds = content();
    if (typeof seconds !== 'number' && typeof seconds !== 'bigint') throw mismatch(seconds, 'a Timestamp');
    return new Date(Math.round(Number(seconds) * 1000));
  },
};

function parse(body: Buffer): unknown {
  if (body.length === 0) return {};
  try {
    return decode(body, { tags, coerceUndefinedToNull: true });
  } catch (cause) {
    if (cause instanceof Unreadable) throw cause;
    throw new Unreadable('The request body is not valid CBOR');
  }
}

const blob: JsonReader = (value) => {
  if (!(value instanceof Uint8Array)) throw mismatch(value, 'a Blob');
  return value;
};

const timestamp: JsonReader = (value) => {
  if (!(value instanceof Date) || Number.isNaN(value.getTime())) throw mismatch(value, 'a Timestamp');
  return value;
};
