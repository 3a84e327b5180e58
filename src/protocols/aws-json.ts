import type { Codec, OpenedRequest } from './codec.ts';
import { errorAnswer, queryErrorHeader } from './error-answer.ts';
import { type JsonDialect, jsonReaders, needsExactIntegers, parseJson, withTexts } from './json-reader.ts';
import { jsonWriters } from './json-writer.ts';
import { readInput, refuseStreamed, serializationException } from './reading-input.ts';
import { Refusal } from './refusal.ts';
import type { OperationModel, ServiceModel } from './service-model.ts';
import type { ServiceRules } from './service-rules.ts';
import { header, type WireAnswer, type WireRequest } from './wire.ts';

/** awsJson 1.0 and 1.1: `POST /`, the operation in `X-Amz-Target`, the input as JSON. */
export function createAwsJsonCodec(model: ServiceModel, rules: ServiceRules): Codec {
  const dialect: JsonDialect = { usesJsonName: false, isInBody: () => true, decimals: rules.decimals };
  const reader = jsonReaders(dialect);
  const writer = jsonWriters(dialect);
  const contentType = `application/x-amz-json-${model.protocol === 'awsJson1_0' ? '1.0' : '1.1'}`;
  const headers = { 'content-type': contentType };

  return {
    model,

    open(request: WireRequest): OpenedRequest {
      const operation = operationOf(request, model);
      refuseStreamed(operation, rules);
      return {
        operation,
        readInput: () =>
          readInput(operation, rules, serializationException, (reading) => {
            const body = parseJson(request.body, needsExactIntegers(operation.input));
            const input = reader(operation.input)(body, reading);
            const privateMembers = rules.privateMembers?.[operation.name];
            return privateMembers ? withTexts(privateMembers, body, input) : input;
          }),
      };
    },

    writeOutput(operation: OperationModel, output: unknown): WireAnswer {
      return { status: 200, headers, body: writer(operation.output)(output ?? {}) };
    },

    writeRefusal(refusal: Refusal): WireAnswer {
      const answer = errorAnswer(refusal, model);
      const members = [
        `"__type":${JSON.stringify(answer.name)}`,
        `${JSON.stringify(answer.messageName)}:${JSON.stringify(answer.message)}`,
        ...answer.members.map(
          ({ name, schema, value }) => `${JSON.stringify(name)}:${writer(schema)(value)}`,
        ),
      ];
      return {
        status: answer.status,
        headers: { ...headers, ...queryErrorHeader(answer, model) },
        body: `{${members.join(',')}}`,
      };
    },
  };
}

function operationOf(request: WireRequest, model: ServiceModel): OperationModel {
  const target = header(request, 'x-amz-target') ?? '';
  const dot = target.lastIndexOf('.');
  const operation =
    target.slice(0, dot) === model.targetPrefix ? model.operations.get(target.slice(dot + 1)) : undefined;
  if (operation === undefined || request.method !== 'POST') {
    throw new Refusal('UnknownOperationException', `The operation ${JSON.stringify(target)} is not known`, {
      status: 400,
    });
  }
  return operation;
}
