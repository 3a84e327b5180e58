import * as acmSdk from '@aws-sdk/client-acm';
import * as autoScalingSdk from '@aws-sdk/client-application-auto-scaling';
import * as logsSdk from '@aws-sdk/client-cloudwatch-logs';
import * as ec2Sdk from '@aws-sdk/client-ec2';
import * as ecsSdk from '@aws-sdk/client-ecs';
import * as elbSdk from '@aws-sdk/client-elastic-load-balancing-v2';
import * as iamSdk from '@aws-sdk/client-iam';
import * as cloudMapSdk from '@aws-sdk/client-servicediscovery';
import * as stsSdk from '@aws-sdk/client-sts';
import type { NormalizedSchema } from '@smithy/core/schema';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { membersOf } from '../../src/protocols/schema.ts';
import { readServiceModel } from '../../src/protocols/service-model.ts';
import { type System, startSystem } from './system.ts';

/**
 * Whatever the SDK can ask, the answer is success or an error that the service knows: for nothing at all, for the
 * least that the schema requires, and for everything that it allows with values that name nothing.
 */
const services = [
  { name: 'ecs', sdk: ecsSdk, client: (system: System) => system.ecs },
  { name: 'ec2', sdk: ec2Sdk, client: (system: System) => system.ec2 },
  { name: 'logs', sdk: logsSdk, client: (system: System) => system.logs },
  { name: 'servicediscovery', sdk: cloudMapSdk, client: (system: System) => system.cloudMap },
  { name: 'application-autoscaling', sdk: autoScalingSdk, client: (system: System) => system.autoScaling },
  { name: 'acm', sdk: acmSdk, client: (system: System) => system.acm },
  { name: 'elasticloadbalancing', sdk: elbSdk, client: (system: System) => system.elb },
  { name: 'iam', sdk: iamSdk, client: (system: System) => system.iam },
  { name: 'sts', sdk: stsSdk, client: (system: System) => system.sts },
] as const;

/** What the schemas leave out: errors that every service may answer (API references, "Common Errors"). */
const commonErrors = new Set([
  'MissingAuthenticationToken',
  'ValidationException',
  'ValidationError',
  // Where a service has no word of its own for what is not built.
  'UnsupportedOperation',
  'UnsupportedOperationException',
]);

/** EC2's model has no errors; its developer guide lists them ("Error codes"). */
const ec2Errors =
  /^(Invalid\w+(\.(Malformed|NotFound|Range|Conflict|InUse|Duplicate))?|MissingParameter|UnknownParameter|VPCIdNotSpecified|DefaultVpc\w+|DefaultSubnet\w+|NatGateway(Malformed|NotFound)|InvalidID)$/;

let system: System;
beforeAll(async () => {
  system = await startSystem({ seed: 4, speed: 2 });
});
afterAll(() => system?.[Symbol.asyncDispose]());

it('GetCallerIdentity answers with the principal whose key signed', async () => {
  const { $metadata: _, ...identity } = await system.sts.getCallerIdentity({});
  expect(identity).toEqual({
    Account: system.accountId,
    Arn: system.principalArn,
    UserId: system.accountId,
  });
});

describe.each(services)('every operation of $name answers', ({ name, sdk, client }) => {
  const { operations, errors } = readServiceModel(sdk);
  const commands = new Map(Object.entries(sdk));

  it.each([
    ['nothing', () => ({})],
    ['the least', (schema: NormalizedSchema) => valueOfSchema(schema, 'least', 0)],
    ['everything', (schema: NormalizedSchema) => valueOfSchema(schema, 'everything', 0)],
  ] as const)('when it is given %s', async (_, inputOf) => {
    const wrong: string[] = [];
    for (const [operation, { input }] of operations) {
      const Command = commands.get(`${operation}Command`);
      if (typeof Command !== 'function') throw new Error(`The SDK has no ${operation}Command`);
      const command = Reflect.construct(Command, [inputOf(input)]);
      const sender: { send(command: unknown): Promise<unknown> } = client(system);
      const answer = await sender.send(command).then(
        () => undefined,
        (error: unknown) => error,
      );
      const problem = problemOf(
        answer,
        (code) => errors.has(code) || commonErrors.has(code) || (name === 'ec2' && ec2Errors.test(code)),
      );
      if (problem !== undefined) wrong.push(`${name}:${operation}: ${problem}`);
    }
    expect(wrong).toEqual([]);
    expect(system.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });
});

/** What is wrong with an answer; undefined: it is a success or an error that the service knows. */
function problemOf(answer: unknown, isKnown: (code: string) => boolean): string | undefined {
  if (answer === undefined) return undefined;
  if (!(answer instanceof Error)) return String(answer);
  const metadata: unknown = Reflect.get(answer, '$metadata');
  const status: unknown =
    typeof metadata === 'object' && metadata !== null ? Reflect.get(metadata, 'httpStatusCode') : undefined;
  if (typeof status !== 'number') return `no answer: ${answer.stack}`;
  if (status >= 500) return `${status} ${answer.name}: ${answer.message}`;
  if (!isKnown(answer.name)) return `${status} ${answer.name} is no error of this service: ${answer.message}`;
  return answer.message === '' ? `${answer.name} without a message` : undefined;
}

/** The smallest value of the schema, or one with every member two levels down. */
function valueOfSchema(schema: NormalizedSchema, amount: 'least' | 'everything', depth: number): unknown {
  if (schema.isUnitSchema()) return {};
  if (schema.isStructSchema()) {
    const members = membersOf(schema).filter((member) => !member.schema.isStreaming());
    const wanted = schema.isUnionSchema()
      ? members.slice(0, 1)
      : members.filter(({ isRequired }) => isRequired || (amount === 'everything' && depth < 3));
    return Object.fromEntries(
      wanted.map(({ name, schema: member }) => [name, valueOfSchema(member, amount, depth + 1)]),
    );
  }
  // What may contain itself ends somewhere.
  if (schema.isListSchema())
    return depth > 6 ? [] : [valueOfSchema(schema.getValueSchema(), amount, depth + 1)];
  if (schema.isMapSchema()) return { key: valueOfSchema(schema.getValueSchema(), amount, depth + 1) };
  if (schema.isStringSchema()) return 'a';
  if (schema.isNumericSchema()) return 1;
  if (schema.isBooleanSchema()) return false;
  if (schema.isTimestampSchema()) return new Date(1_700_000_000_000);
  if (schema.isBlobSchema()) return new Uint8Array([1]);
  if (schema.isDocumentSchema()) return {};
  throw new Error(`No rule to make ${schema.getName(true)}`);
}
