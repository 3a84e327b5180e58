import { describe, expect, it } from 'vitest';
import { messageNamed } from './messages.ts';
import { decodeMessage, openEnvelope } from './protobuf.ts';
import { ProtobufError } from './wire.ts';

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
const bytes = (number: number, content: readonly number[] | string): number[] => {
  const inner = typeof content === 'string' ? [...Buffer.from(content)] : content;
  return [...varint((number << 3) | 2), ...varint(inner.length), ...inner];
};
const number = (field: number, value: number): number[] => [...varint(field << 3), ...varint(value)];
const decode = (message: string, content: readonly number[]) =>
  decodeMessage(messageNamed(`k8s.io.api.${message}`), Buffer.from(content));

describe('a protobuf message', () => {
  it('is the object that JSON would be: what Go writes empty is left out, what a pointer says is kept', () => {
    const metadata = bytes(1, [
      ...bytes(1, 'web'),
      ...bytes(2, ''),
      ...bytes(8, []),
      ...bytes(11, [...bytes(1, 'app'), ...bytes(2, 'web')]),
    ]);
    const spec = bytes(2, [...number(1, 0), ...number(5, 0), ...number(7, 0)]);
    expect(decode('apps.v1.Deployment', [...metadata, ...spec])).toEqual({
      ...{ metadata: { name: 'web', labels: { app: 'web' } }, spec: { replicas: 0 } },
    });
  });

  it('has quantities, times, ports and bytes in the form of JSON', () => {
    const limits = bytes(1, [...bytes(1, 'cpu'), ...bytes(2, bytes(1, '500m'))]);
    const probe = bytes(
      10,
      bytes(1, bytes(2, [...bytes(1, '/ready'), ...bytes(2, [...number(1, 1), ...bytes(3, 'http')])])),
    );
    expect(decode('core.v1.Container', [...bytes(8, limits), ...probe])).toEqual({
      resources: { limits: { cpu: '500m' } },
      livenessProbe: { httpGet: { path: '/ready', port: 'http' } },
    });
    expect(decode('core.v1.Secret', bytes(2, [...bytes(1, 'key'), ...bytes(2, 'value')]))).toEqual({
      data: { key: 'dmFsdWU=' },
    });
    const renewed = bytes(4, [...number(1, 1_700_000_000), ...number(2, 5_000)]);
    expect(decode('coordination.v1.LeaseSpec', renewed)).toEqual({
      renewTime: '2023-11-14T22:13:20.000005Z',
    });
  });

  it('stands in an envelope that says what it is', () => {
    const unknown = [...bytes(1, [...bytes(1, 'v1'), ...bytes(2, 'Pod')]), ...bytes(2, [1, 2])];
    expect(openEnvelope(Buffer.from([0x6b, 0x38, 0x73, 0, ...unknown]))).toEqual({
      ...{ apiVersion: 'v1', kind: 'Pod', raw: Buffer.from([1, 2]) },
    });
    expect(() => openEnvelope(Buffer.from('{}'))).toThrow(ProtobufError);
  });

  it('that is cut or nested without end is refused', () => {
    expect(() => decode('core.v1.Pod', [10, 200, 1])).toThrow('unexpected EOF');
    expect(() => decode('core.v1.Pod', [0x80])).toThrow('unexpected EOF');
    expect(() => decode('core.v1.Pod', [15])).toThrow('illegal wireType 7');
    expect(() => decode('core.v1.Pod', [8, 1])).toThrow(ProtobufError);
  });
});
