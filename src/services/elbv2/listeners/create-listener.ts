import type {
  CreateListenerCommandInput,
  CreateListenerOutput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Call } from '../../service.ts';
import { listenerArn, newId, ruleArn } from '../arn.ts';
import { type ElbContext, requireLoadBalancer } from '../context.ts';
import { duplicateListener, shown, tooManyListeners, unsupported, validationError } from '../errors.ts';
import { readTags } from '../input.ts';
import { limits } from '../load-balancers/account-limits.ts';
import type { ListenerProtocol, ListenerRecord, LoadBalancerRecord } from '../records.ts';
import { ruleActions } from '../rules/guard-record.ts';
import { readActions } from '../rules/read-action.ts';
import { listenerView } from './listener-view.ts';
import { putListener } from './put-listener.ts';
import { readSecurity } from './security.ts';

/** With its default rule, which has the listener's default action. @throws {Refusal} */
export async function createListener(
  context: ElbContext,
  input: CreateListenerCommandInput,
  call: Call,
): Promise<CreateListenerOutput> {
  const given = readActions(input.DefaultActions);
  const tags = readTags(input.Tags);
  const listener = await context.state.transact((tx) => {
    const balancer = requireLoadBalancer(tx, call, input.LoadBalancerArn ?? '');
    const protocol = readProtocol(balancer.type, input.Protocol);
    const port = readPort(input.Port);
    checkPort(balancer, port);
    const max = limits[`listeners-per-${balancer.type}-load-balancer`];
    if (balancer.listeners.length >= max) throw tooManyListeners(max);
    const id = newId(context.random);
    const arn = listenerArn(balancer.arn, id);
    const ruleId = newId(context.random);
    const ofRule = ruleArn(arn, ruleId);
    const made: ListenerRecord = {
      ...{ id, arn, loadBalancerArn: balancer.arn, port, protocol },
      ...readSecurity(tx, context, call, protocol, input, undefined),
      rules: [
        {
          ...{ id: ruleId, arn: ofRule, priority: 'default', conditions: [], tags: {} },
          ...ruleActions(tx, context, call, ofRule, given),
        },
      ],
      ...{ attributes: {}, tags },
    };
    putListener(tx, call, balancer, undefined, made);
    return made;
  });
  return { Listeners: [listenerView(listener)] };
}

const protocols: Readonly<Record<LoadBalancerRecord['type'], readonly ListenerProtocol[]>> = {
  application: ['HTTP', 'HTTPS'],
  network: ['TCP', 'TLS', 'UDP', 'TCP_UDP'],
};

/** @throws ValidationError, UnsupportedOperation */
export function readProtocol(type: LoadBalancerRecord['type'], given: string | undefined): ListenerProtocol {
  if (given === undefined || given === '') throw validationError('A listener protocol must be specified');
  if (['GENEVE', 'QUIC', 'TCP_QUIC'].includes(given)) throw unsupported(`The protocol ${given} is`);
  const found = protocols[type].find((protocol) => protocol === given);
  if (found === undefined)
    throw validationError(
      `Listener protocol '${shown(given)}' must be one of '${protocols[type].join(', ')}'`,
    );
  return found;
}

/** @throws ValidationError */
export function readPort(given: number | undefined): number {
  if (given === undefined) throw validationError('A listener port must be specified');
  if (given < 1 || given > 65_535)
    throw validationError(`Listener port '${given}' must be between '1' and '65535'`);
  return given;
}

/** @param ownId Of a listener that may have it already. @throws DuplicateListener */
export function checkPort({ arn, listeners }: LoadBalancerRecord, port: number, ownId?: string): void {
  if (listeners.some((other) => other.port === port && other.id !== ownId)) throw duplicateListener(arn);
}
