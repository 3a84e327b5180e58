import * as ecs from '@aws-sdk/client-ecs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCodec } from './create-codec.ts';
import { Refusal } from './refusal.ts';
import { readServiceModel } from './service-model.ts';
import { rulesOf } from './service-rules.ts';
import type { WireRequest } from './wire.ts';

const codec = createCodec(readServiceModel(ecs), rulesOf('ecs'));

function request(operation: string, body: string): WireRequest {
  const headers = { 'x-amz-target': `AmazonEC2ContainerServiceV20141113.${operation}` };
  return { method: 'POST', path: '/', query: '', headers, body: Buffer.from(body) };
}

function read(operation: string, body: string): Record<string, unknown> {
  return codec.open(request(operation, body)).readInput();
}

function refusalOf(action: () => unknown): Refusal {
  try {
    action();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('reading awsJson', () => {
  it.each([
    ['not JSON', '{', 'The request body is not valid JSON'],
    ['a number for a string', '{"clusters":[1]}', 'NUMBER_VALUE can not be converted to a String'],
    ['true for a string', '{"clusters":[true]}', 'TRUE_VALUE can not be converted to a String'],
    ['null in a list', '{"clusters":[null]}', 'NULL_VALUE can not be converted to a String'],
    ['a list for a string', '{"clusters":[[]]}', 'Start of list found where not expected'],
    ['a structure for a string', '{"clusters":[{}]}', 'Start of structure or map found where not expected.'],
    ['a structure for a list', '{"clusters":{}}', 'Start of structure or map found where not expected.'],
    ['a string for a list', '{"clusters":"a"}', 'Unexpected field type'],
    ['a list for the input', '[]', 'Start of list found where not expected'],
    ['a string for the input', '"a"', 'Unexpected field type'],
  ])('refuses %s with SerializationException', (_what, body, message) => {
    const refusal = refusalOf(() => read('DescribeClusters', body));
    expect(refusal).toMatchObject({ code: 'SerializationException', status: 400, message });
  });

  it.each([
    ['{"count":"1"}', 'STRING_VALUE can not be converted to an Integer'],
    ['{"count":1.5}', 'DECIMAL_VALUE can not be converted to an Integer'],
    ['{"count":false}', 'FALSE_VALUE can not be converted to an Integer'],
    ['{"count":"NaN"}', 'STRING_VALUE can not be converted to an Integer'],
    ['{"enableExecuteCommand":"true"}', 'STRING_VALUE can not be converted to a Boolean'],
    ['{"enableExecuteCommand":1.5}', 'DECIMAL_VALUE can not be converted to a Boolean'],
  ])('refuses %s of RunTask in the words of AWS', (body, message) => {
    expect(refusalOf(() => read('RunTask', body))).toMatchObject({ code: 'SerializationException', message });
  });

  it('refuses a timestamp that is a string', () => {
    const body = '{"task":"t","status":"RUNNING","pullStartedAt":"2020-01-01"}';
    expect(refusalOf(() => read('SubmitTaskStateChange', body)).message).toBe(
      'STRING_VALUE can not be converted to milliseconds since epoch',
    );
  });

  it('leaves out members that the schema does not know, and takes null for absent', () => {
    expect(read('DescribeClusters', '{"unknown":{"deep":[1]},"clusters":null,"include":["TAGS"]}')).toEqual({
      include: ['TAGS'],
    });
  });

  it('takes an empty body for an empty input', () => {
    expect(read('ListClusters', '')).toEqual({});
  });

  it('keeps a key named __proto__ a plain key', () => {
    const labels = '{"__proto__":"x","constructor":"y"}';
    const body = `{"family":"f","containerDefinitions":[{"dockerLabels":${labels}}],"__proto__":{"polluted":true}}`;
    const input = read('RegisterTaskDefinition', body);
    expect(JSON.stringify(input.containerDefinitions)).toBe(`[{"dockerLabels":${labels}}]`);
    expect(Object.getPrototypeOf(input)).toBe(Object.prototype);
    expect('polluted' in input).toBe(false);
  });

  it('bounds how deep structures are nested', () => {
    const depth = 200_000;
    const body = `{"clusters":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    expect(refusalOf(() => read('DescribeClusters', body)).code).toBe('SerializationException');
  });

  it.each([
    ['DescribeTasks', '{}', 'InvalidParameterException', 'Tasks cannot be empty.'],
    ['UpdateService', '{}', 'InvalidParameterException', 'Service can not be blank.'],
    ['DescribeContainerInstances', '{}', 'InvalidParameterException', 'Container instances cannot be empty.'],
    ['RegisterTaskDefinition', '{"family":"f"}', 'ClientException', 'Container list cannot be empty.'],
  ])('refuses %s without what it requires', (operation, body, code, message) => {
    expect(refusalOf(() => read(operation, body))).toMatchObject({ code, message });
  });

  it.each([
    'AmazonEC2ContainerServiceV20141113.Nope',
    'AmazonEC2ContainerServiceV20141113.toString',
    'Other.ListClusters',
    'ListClusters',
    '',
  ])('refuses the target %j with UnknownOperationException', (target) => {
    const unknown = { ...request('', '{}'), headers: { 'x-amz-target': target } };
    expect(refusalOf(() => codec.open(unknown))).toMatchObject({
      code: 'UnknownOperationException',
      status: 400,
    });
  });

  it('answers any bytes with an input or a refusal, never with anything else', () => {
    const body = fc.oneof(fc.string({ unit: 'binary' }), fc.json());
    const operation = fc.constantFrom(...codec.model.operations.keys());
    fc.assert(
      fc.property(operation, body, (name, text) => {
        try {
          read(name, text);
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
        }
      }),
      { numRuns: 500, seed: 7 },
    );
  });
});

describe('writing awsJson', () => {
  const operation = codec.model.operations.get('DescribeClusters');
  if (operation === undefined) throw new Error('ECS has no DescribeClusters');

  it('writes only what the schema knows', () => {
    const output = { clusters: [{ clusterName: 'a', secret: 'x', status: undefined }], stray: 1 };
    expect(codec.writeOutput(operation, output, 'id').body).toBe('{"clusters":[{"clusterName":"a"}]}');
  });

  it('throws on an output that does not fit the schema, which is a bug and not an answer', () => {
    const output = { clusters: [{ clusterName: 5 }] };
    expect(() => codec.writeOutput(operation, output, 'id')).toThrow(
      'Cannot write clusterName: number does not fit its schema',
    );
  });

  it('writes the members that the error has besides its message', () => {
    const refusal = new Refusal('ConflictException', 'taken', { members: { resourceIds: ['a'], other: 1 } });
    expect(codec.writeRefusal(refusal, 'id')).toMatchObject({
      status: 400,
      body: '{"__type":"ConflictException","message":"taken","resourceIds":["a"]}',
    });
  });
});
