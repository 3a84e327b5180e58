import type { Codec, OpenedRequest } from './codec.ts';
import { errorAnswer } from './error-answer.ts';
import { HttpRoutes } from './http-routes.ts';
import { type JsonDialect, jsonReaders, needsExactIntegers, parseJson } from './json-reader.ts';
import { jsonWriters } from './json-writer.ts';
import { orRefuse, readInput, refuseStreamed, serializationException } from './reading-input.ts';
import { Refusal } from './refusal.ts';
import { isInBody, parseQuery, restInput, restOutput } from './rest-bindings.ts';
import type { OperationModel, ServiceModel } from './service-model.ts';
import type { ServiceRules } from './service-rules.ts';
import type { WireAnswer, WireRequest } from './wire.ts';

const dialect: JsonDialect = { usesJsonName: true, isInBody };

/** restJson1: the operation is the method and the path; the input is spread over path, query, headers and body. */
export function createRestJsonCodec(model: ServiceModel, rules: ServiceRules): Codec {
  const reader = jsonReaders(dialect);
  const writer = jsonWriters(dialect);
  const headers = { 'content-type': 'application/json' };
  const routes = new HttpRoutes<OperationModel>();
  for (const operation of model.operations.values()) {
    if (operation.http !== undefined) routes.add(operation.http.method, operation.http.path, operation);
  }

  return {
    model,

    open(request: WireRequest): OpenedRequest {
      const found = routes.find(request.method, request.path);
      if (found === undefined) {
        throw new Refusal('UnknownOperationException', `No operation for ${request.method} ${request.path}`, {
          status: 404,
        });
      }
      const { target: operation, labels } = found;
      refuseStreamed(operation, rules);
      const query = orRefuse(() => parseQuery(request.query), serializationException);
      return {
        operation,
        readInput: () =>
          readInput(operation, rules, serializationException, (reading) =>
            restInput(operation.input, { request, labels, query }, reading, (schema) => {
              const body = parseJson(request.body, needsExactIntegers(operation.input));
              return reader(schema)(body, reading);
            }),
          ),
      };
    },

    writeOutput(operation: OperationModel, output: unknown): WireAnswer {
      return restOutput(operation, output ?? {}, headers, (schema, value) => writer(schema)(value));
    },

    writeRefusal(refusal: Refusal): WireAnswer {
      const answer = errorAnswer(refusal, model);
      const members = [
        `${JSON.stringify(answer.messageName)}:${JSON.stringify(answer.message)}`,
        ...answer.members.map(({ name, schema, value }) => {
          const key = schema.getMergedTraits().jsonName ?? name;
          return `${JSON.stringify(key)}:${writer(schema)(value)}`;
        }),
      ];
      return {
        status: answer.status,
        headers: { ...headers, 'x-amzn-errortype': answer.name },
        body: `{${members.join(',')}}`,
      };
    },
  };
}
