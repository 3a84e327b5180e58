import { isDeepStrictEqual } from 'node:util';
import type {
  CreateTargetGroupCommandInput,
  CreateTargetGroupOutput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Transaction } from '../../../reconcile/index.ts';
import { hasVpc } from '../../ec2/index.ts';
import type { Call } from '../../service.ts';
import { newId, targetGroupArn } from '../arn.ts';
import { type ElbContext, putTargetGroup } from '../context.ts';
import {
  duplicateTargetGroupName,
  shown,
  tooManyTargetGroups,
  unsupported,
  validationError,
} from '../errors.ts';
import { checkName, constraints, readTags } from '../input.ts';
import { limits } from '../load-balancers/account-limits.ts';
import {
  elbKey,
  scopeText,
  type TargetGroupRecord,
  type TargetProtocol,
  targetGroupNames,
  targetGroups,
} from '../records.ts';
import { isHttp } from './group-attributes.ts';
import { readHealthCheck } from './health-check.ts';
import { targetGroupView } from './target-group-view.ts';

type Settings = Pick<
  TargetGroupRecord,
  'targetType' | 'protocol' | 'protocolVersion' | 'port' | 'vpcId' | 'healthCheck'
>;

/** One of the same name with the same settings is answered with. @throws DuplicateTargetGroupName, TooManyTargetGroups, ValidationError */
export async function createTargetGroup(
  { state, random }: ElbContext,
  input: CreateTargetGroupCommandInput,
  call: Call,
): Promise<CreateTargetGroupOutput> {
  const name = checkName('Target group', input.Name ?? '');
  const settings = readSettings(input);
  const tags = readTags(input.Tags);
  const group = await state.transact((tx) => {
    const nameKey = elbKey(targetGroupNames, call, name);
    const present = tx.get(targetGroupNames, nameKey);
    if (present !== undefined) return sameOne(tx, call, present.id, name, settings);
    if (!hasVpc(tx, call, settings.vpcId))
      throw validationError(`The VPC ID '${shown(settings.vpcId)}' is not found`);
    if (tx.countByIndex(targetGroups, 'scope', scopeText(call)) >= limits['target-groups'])
      throw tooManyTargetGroups(limits['target-groups']);
    const id = newId(random);
    const made: TargetGroupRecord = {
      ...{ id, arn: targetGroupArn(call, name, id), name, ...settings },
      ...{ attributes: {}, createdAt: call.now, tags },
    };
    tx.put(targetGroupNames, nameKey, { id });
    putTargetGroup(tx, call, made);
    return made;
  });
  return { TargetGroups: [targetGroupView(group)] };
}

function sameOne(
  tx: Transaction,
  call: Call,
  id: string,
  name: string,
  settings: Settings,
): TargetGroupRecord {
  const group = tx.get(targetGroups, elbKey(targetGroups, call, id));
  if (group === undefined) throw new Error(`The target group name ${name} is of ${id}, which is not there`);
  const { targetType, protocol, protocolVersion, port, vpcId, healthCheck } = group;
  const present: Settings = {
    ...{ targetType, protocol, port, vpcId, healthCheck },
    ...(protocolVersion !== undefined && { protocolVersion }),
  };
  if (!isDeepStrictEqual({ ...present }, settings)) throw duplicateTargetGroupName(name);
  return group;
}

function readSettings(input: CreateTargetGroupCommandInput): Settings {
  const targetType = readTargetType(input.TargetType);
  if (input.Protocol === undefined) throw validationError('A protocol must be specified');
  if (input.Port === undefined) throw validationError('A port must be specified');
  if (input.VpcId === undefined || input.VpcId === '') throw validationError('A VPC ID must be specified');
  if (input.Port < 1 || input.Port > 65_535)
    throw validationError(`Port '${input.Port}' must be a number between 1 and 65535`);
  if (input.IpAddressType === 'ipv6') throw unsupported('Target groups of IPv6 addresses are');
  if (input.TargetControlPort !== undefined) throw unsupported('Target control ports are');
  const protocol = readProtocol(input.Protocol);
  const protocolVersion = readProtocolVersion(protocol, input.ProtocolVersion);
  const group = { protocol, ...(protocolVersion !== undefined && { protocolVersion }) };
  return {
    ...{ targetType, ...group, port: input.Port, vpcId: input.VpcId },
    healthCheck: readHealthCheck(group, input),
  };
}

function readTargetType(type: string = 'instance'): Settings['targetType'] {
  constraints()
    .text('targetType', type, { oneOf: ['instance', 'ip', 'lambda', 'alb'] })
    .throwIfViolated();
  if (type === 'lambda' || type === 'alb') throw unsupported(`Target groups of type ${type} are`);
  return type as Settings['targetType'];
}

const targetProtocols: readonly TargetProtocol[] = ['HTTP', 'HTTPS', 'TCP', 'TLS', 'UDP', 'TCP_UDP'];

function readProtocol(given: string): TargetProtocol {
  if (['GENEVE', 'QUIC', 'TCP_QUIC'].includes(given)) throw unsupported(`The protocol ${given} is`);
  constraints().text('protocol', given, { oneOf: targetProtocols }).throwIfViolated();
  return given as TargetProtocol;
}

function readProtocolVersion(
  protocol: TargetProtocol,
  given: string | undefined,
): Settings['protocolVersion'] {
  if (!isHttp({ protocol })) {
    if (given === undefined) return undefined;
    throw validationError(
      `Protocol version cannot be specified for target groups with protocol '${protocol}'`,
    );
  }
  const version = given ?? 'HTTP1';
  if (version !== 'HTTP1' && version !== 'HTTP2' && version !== 'GRPC')
    throw validationError(`Protocol version '${shown(version)}' must be one of '[GRPC, HTTP1, HTTP2]'`);
  return version;
}
