import * as cloudwatch from '@aws-sdk/client-cloudwatch';
import { encode } from 'cborg';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCodecs } from './create-codec.ts';
import { Refusal } from './refusal.ts';
import { readServiceModel } from './service-model.ts';
import { rulesOf } from './service-rules.ts';

const codecOf = await createCodecs(readServiceModel(cloudwatch), rulesOf('monitoring'));
const headers = { 'smithy-protocol': 'rpc-v2-cbor' };
const pathOf = (operation: string): string => `/service/GraniteServiceVersion20100801/operation/${operation}`;

function read(operation: string, body: Uint8Array, path = pathOf(operation)): unknown {
  const request = { method: 'POST', path, query: '', headers, body: Buffer.from(body) };
  return codecOf(request).open(request).readInput();
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

describe('reading rpc-v2-cbor', () => {
  it('reads times as whole and as fractional seconds', () => {
    // {"AlarmName": "a", "StartDate": 1(100)}, then 1(100.5)
    const before = Buffer.from('a2', 'hex');
    const name = Buffer.concat([encode('AlarmName'), encode('a')]);
    const at = (time: string) => Buffer.concat([before, name, encode('StartDate'), Buffer.from(time, 'hex')]);
    expect(read('DescribeAlarmHistory', at('c11864'))).toEqual({
      AlarmName: 'a',
      StartDate: new Date(100_000),
    });
    expect(read('DescribeAlarmHistory', at('c1fb4059200000000000'))).toEqual({
      AlarmName: 'a',
      StartDate: new Date(100_500),
    });
  });

  it('takes no body for an empty input, and lengths that are told by their end', () => {
    expect(read('DescribeAlarms', Buffer.alloc(0))).toEqual({});
    const indefinite = Buffer.concat([
      Buffer.from('bf', 'hex'),
      encode('AlarmNames'),
      Buffer.from('9f6161ffff', 'hex'),
    ]);
    expect(read('DescribeAlarms', indefinite)).toEqual({ AlarmNames: ['a'] });
  });

  it.each([
    ['what is no CBOR', Buffer.from('{}'), 'The request body is not valid CBOR'],
    [
      'a list that says it is endless',
      Buffer.from('9bffffffffffffffff', 'hex'),
      'The request body is not valid CBOR',
    ],
    ['lists a million deep', Buffer.alloc(1_000_000, 0x81), 'The request body is not valid CBOR'],
    [
      'a number for a string',
      encode({ AlarmNamePrefix: 1 }),
      'NUMBER_VALUE can not be converted to a String',
    ],
    [
      'a time for a string',
      Buffer.concat([Buffer.from('a1', 'hex'), encode('AlarmNamePrefix'), Buffer.from('c100', 'hex')]),
      'Start of structure or map found where not expected.',
    ],
  ])('refuses %s', (_what, body, message) => {
    expect(refusalOf(() => read('DescribeAlarms', body))).toMatchObject({
      code: 'SerializationException',
      message,
    });
  });

  it('refuses paths that name no operation', () => {
    for (const path of ['/', pathOf('Nothing'), '/service/Other/operation/DescribeAlarms']) {
      expect(refusalOf(() => read('DescribeAlarms', Buffer.alloc(0), path))).toMatchObject({
        code: 'UnknownOperationException',
      });
    }
  });

  it('refuses or reads any bytes, and never fails otherwise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (body) => {
        try {
          read('PutMetricAlarm', body);
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
        }
      }),
      { numRuns: 500 },
    );
  });
});
