import * as ec2 from '@aws-sdk/client-ec2';
import * as iam from '@aws-sdk/client-iam';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Codec } from './codec.ts';
import { createCodec } from './create-codec.ts';
import { Refusal } from './refusal.ts';
import { readServiceModel } from './service-model.ts';
import { rulesOf } from './service-rules.ts';

const iamCodec = createCodec(readServiceModel(iam), rulesOf('iam'));
const ec2Codec = createCodec(readServiceModel(ec2), rulesOf('ec2'));

function read(codec: Codec, form: string): Record<string, unknown> {
  const request = { method: 'POST', path: '/', query: '', headers: {}, body: Buffer.from(form) };
  return codec.open(request).readInput();
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

describe('reading query requests', () => {
  const inIam = (form: string): Record<string, unknown> => read(iamCodec, `Version=2010-05-08&${form}`);

  it('reads lists by their numbers, whatever their order and gaps', () => {
    const form = 'Action=TagUser&UserName=a+b&Tags.member.10.Key=k10&Tags.member.2.Key=k%202';
    expect(inIam(`${form}&Tags.member.2.Value=&Tags.member.10.Value=v`)).toEqual({
      UserName: 'a b',
      Tags: [
        { Key: 'k 2', Value: '' },
        { Key: 'k10', Value: 'v' },
      ],
    });
  });

  it('reads a name without value as an empty list', () => {
    expect(inIam('Action=TagUser&UserName=a&Tags=')).toEqual({ UserName: 'a', Tags: [] });
  });

  it('takes the form from the query of a GET', () => {
    const query = 'Action=GetUser&Version=2010-05-08&UserName=a&X-Amz-Signature=00';
    const request = { method: 'GET', path: '/', query, headers: {}, body: Buffer.alloc(0) };
    expect(iamCodec.open(request).readInput()).toEqual({ UserName: 'a' });
  });

  it.each([
    [
      'Action=ListUsers&MaxItems=many',
      'MalformedInput',
      'Value (many) for parameter MaxItems is invalid. STRING_VALUE can not be converted to an Integer',
    ],
    [
      'Action=ListUsers&MaxItems.member.1=1',
      'MalformedInput',
      'Start of structure or map found where not expected.',
    ],
    ['Action=TagUser&UserName=a&Tags.x=1', 'MalformedInput', 'Unexpected field type'],
    [
      'Action=TagUser&UserName=a&Tags.member.x=1',
      'MalformedInput',
      'Tags.member.x is not an element of a list',
    ],
    ['Action=GetUser&UserName=%ff', 'MalformedInput', 'A parameter is not percent-encoded UTF-8'],
    ['Action=Nope', 'InvalidAction', 'Could not find operation Nope for version 2010-05-08'],
    ['', 'MissingAction', 'The request is missing an Action parameter'],
    [
      'Action=CreateUser',
      'ValidationError',
      "1 validation error detected: Value null at 'userName' failed to satisfy constraint: Member must not be null",
    ],
    [
      'Action=TagUser&UserName=a&Tags.member.1.Key=k&Tags.member.2.Value=v',
      'ValidationError',
      "2 validation errors detected: Value null at 'tags.1.member.value' failed to satisfy constraint: Member must not be null; Value null at 'tags.2.member.key' failed to satisfy constraint: Member must not be null",
    ],
  ])('refuses %j with %s', (form, code, message) => {
    expect(refusalOf(() => inIam(form))).toMatchObject({ code, message, status: 400 });
  });

  it('refuses another API version, and none', () => {
    expect(refusalOf(() => read(iamCodec, 'Action=GetUser&Version=2009-01-01')).message).toBe(
      'Could not find operation GetUser for version 2009-01-01',
    );
    expect(refusalOf(() => read(iamCodec, 'Action=GetUser')).message).toBe(
      'Could not find operation GetUser for version NO_VERSION_SPECIFIED',
    );
  });

  it('ignores parameters that the schema does not know', () => {
    expect(inIam('Action=GetUser&UserName=a&Unknown.1=x&__proto__.a=b')).toEqual({ UserName: 'a' });
  });

  it('answers any form with an input or a refusal, never with anything else', () => {
    const name = fc
      .array(
        fc.constantFrom('UserName', 'Tags', 'member', 'entry', '1', '2', 'Key', 'key', '__proto__', ''),
        { maxLength: 5 },
      )
      .map((parts) => parts.join('.'));
    const form = fc
      .array(fc.tuple(fc.oneof(name, fc.string()), fc.string({ unit: 'binary' })))
      .map((pairs) => pairs.map(([key, value]) => `${key}=${value}`).join('&'));
    fc.assert(
      fc.property(fc.constantFrom(...iamCodec.model.operations.keys()), form, (action, parameters) => {
        try {
          inIam(`Action=${action}&${parameters}`);
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
        }
      }),
      { numRuns: 500, seed: 7 },
    );
  });
});

describe('reading ec2Query requests', () => {
  const inEc2 = (form: string): Record<string, unknown> => read(ec2Codec, `Version=2016-11-15&${form}`);

  it('reads flat lists under their EC2 names', () => {
    const form = 'Action=DescribeSubnets&Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-1&Filter.1.Value.2=vpc-2';
    expect(inEc2(`${form}&DryRun=True`)).toEqual({
      Filters: [{ Name: 'vpc-id', Values: ['vpc-1', 'vpc-2'] }],
      DryRun: true,
    });
  });

  it.each([
    ['Action=DescribeSubnets&Nope=1', 'UnknownParameter', 'The parameter Nope is not recognized'],
    [
      'Action=DescribeSubnets&Filter.1.Nope=1',
      'UnknownParameter',
      'The parameter Filter.1.Nope is not recognized',
    ],
    [
      'Action=DescribeSubnets&MaxResults=x',
      'InvalidParameterValue',
      'Value (x) for parameter MaxResults is invalid. STRING_VALUE can not be converted to an Integer',
    ],
    ['Action=Nope', 'InvalidAction', 'The action Nope is not valid for this web service.'],
    ['Action=CreateSubnet', 'MissingParameter', 'The request must contain the parameter VpcId'],
  ])('refuses %j with %s', (form, code, message) => {
    expect(refusalOf(() => inEc2(form))).toMatchObject({ code, message, status: 400 });
  });
});

describe('writing XML answers', () => {
  it('frames an EC2 error as EC2 does', () => {
    const refusal = new Refusal('InvalidVpcID.NotFound', "The vpc ID '<x>' does not exist", { status: 400 });
    expect(ec2Codec.writeRefusal(refusal, 'id-1')).toMatchObject({
      status: 400,
      body:
        '<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code>' +
        "<Message>The vpc ID '&lt;x&gt;' does not exist</Message></Error></Errors><RequestID>id-1</RequestID></Response>",
    });
  });

  it('frames a query error with its type, and the code that stands on the wire', () => {
    const { status, body } = iamCodec.writeRefusal(new Refusal('NoSuchEntityException', 'gone'), 'id-2');
    expect(status).toBe(404);
    expect(body).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">' +
        '<Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>gone</Message></Error>' +
        '<RequestId>id-2</RequestId></ErrorResponse>',
    );
  });

  it('replaces what XML can not carry, so that every parser reads the answer', () => {
    const { body } = iamCodec.writeRefusal(new Refusal('Odd', 'a\u0000b\u001fc\ud800d\re\tf\uffff'), 'id');
    expect(body).toContain('<Message>a\ufffdb\ufffdc\ufffdd&#xD;e\tf\ufffd</Message>');
  });
});
