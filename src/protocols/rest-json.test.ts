import * as eks from '@aws-sdk/client-eks';
import { NormalizedSchema } from '@smithy/core/schema';
import type { SchemaTraitsObject, StaticStructureSchema } from '@smithy/types';
import { describe, expect, it } from 'vitest';
import { createCodec } from './create-codec.ts';
import { Refusal } from './refusal.ts';
import type { OperationModel, ServiceModel } from './service-model.ts';
import { readServiceModel } from './service-model.ts';
import { rulesOf } from './service-rules.ts';
import type { WireRequest } from './wire.ts';

const codec = createCodec(readServiceModel(eks), rulesOf('eks'));

function request(method: string, target: string, body = ''): WireRequest {
  const [path = '', query = ''] = target.split('?');
  return { method, path, query, headers: {}, body: Buffer.from(body) };
}

describe('reading restJson1', () => {
  it('reads labels, query and body each into its own members, and nothing else', () => {
    const body = '{"clusterName":"from the body","nodegroupName":"n","subnets":[],"nodeRole":"r"}';
    const opened = codec.open(request('POST', '/clusters/from%20the%20path/node-groups', body));
    expect(opened.operation.name).toBe('CreateNodegroup');
    expect(opened.readInput()).toEqual({
      clusterName: 'from the path',
      nodegroupName: 'n',
      subnets: [],
      nodeRole: 'r',
    });
    expect(codec.open(request('GET', '/clusters?maxResults=5&include=a&include=b')).readInput()).toEqual({
      maxResults: 5,
      include: ['a', 'b'],
    });
  });

  it.each([
    ['GET', '/nowhere', '', 'UnknownOperationException', 404],
    ['PUT', '/clusters', '', 'UnknownOperationException', 404],
    ['POST', '/clusters', '{', 'SerializationException', 400],
    ['GET', '/clusters?maxResults=x', '', 'SerializationException', 400],
    ['GET', '/clusters?maxResults=%ff', '', 'SerializationException', 400],
    ['POST', '/clusters', '{"name":"a"}', 'InvalidParameterException', 400],
  ])('refuses %s %s %s with %s', (method, target, body, code, status) => {
    const read = () => codec.open(request(method, target, body)).readInput();
    expect(read).toThrow(expect.objectContaining({ code, status }));
  });

  it('writes the code of an error in a header', () => {
    const answer = codec.writeRefusal(new Refusal('ResourceNotFoundException', 'gone'), 'id');
    expect(answer).toMatchObject({
      status: 404,
      headers: { 'x-amzn-errortype': 'ResourceNotFoundException' },
      body: '{"message":"gone"}',
    });
  });
});

describe('bindings that no service here uses yet', () => {
  const structure = (
    members: readonly (readonly [string, number, SchemaTraitsObject])[],
  ): NormalizedSchema => {
    const names = members.map(([name]) => name);
    const schemas = members.map(([, type, traits]): [number, SchemaTraitsObject] => [type, traits]);
    const schema: StaticStructureSchema = [3, 'test', 'Structure', 0, names, schemas];
    return NormalizedSchema.of(schema);
  };
  const operation: OperationModel = {
    name: 'Put',
    http: { method: 'PUT', path: '/things/{path+}', status: 201 },
    isStreamed: false,
    input: structure([
      ['path', 0, { httpLabel: 1 }],
      ['since', 4, { httpHeader: 'If-Modified-Since' }],
      ['content', 21, { httpPayload: 1 }],
    ]),
    output: structure([
      ['tag', 0, { httpHeader: 'ETag' }],
      ['code', 1, { httpResponseCode: 1 }],
      ['content', 21, { httpPayload: 1 }],
    ]),
  };
  const model: ServiceModel = {
    protocol: 'restJson1',
    isQueryCompatible: false,
    version: '1',
    targetPrefix: '',
    xmlNamespace: '',
    operations: new Map([[operation.name, operation]]),
    errors: new Map(),
  };
  const bound = createCodec(model, rulesOf('test'));

  it('reads greedy labels, headers and a payload', () => {
    const opened = bound.open({
      ...request('PUT', '/things/a/b%20c', 'bytes'),
      headers: { 'if-modified-since': 'Sun, 06 Nov 1994 08:49:37 GMT' },
    });
    expect(opened.readInput()).toEqual({
      path: 'a/b c',
      since: new Date('1994-11-06T08:49:37Z'),
      content: new Uint8Array(Buffer.from('bytes')),
    });
  });

  it('writes headers, the status and a payload', () => {
    const output = { tag: 'x', code: 202, content: new Uint8Array([1, 2]) };
    expect(bound.writeOutput(operation, output, 'id')).toEqual({
      status: 202,
      headers: { etag: 'x', 'content-type': 'application/octet-stream' },
      body: new Uint8Array([1, 2]),
    });
  });
});
