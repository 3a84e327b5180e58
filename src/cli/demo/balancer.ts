import { type Clock, withTimeout } from '../../clock/index.ts';
import { CommandError } from '../terminal.ts';
import type { Customer } from './customer.ts';
import { pollMs, runningMs } from './story.ts';

const name = 'demo';
const carriesMs = 30_000;
const healthyMs = 60_000;
/** Draining is over when all is answered; this is the longest. */
const drainingSeconds = '5';

export interface DemoBalancer {
  readonly url: string;
  readonly targetGroupArn: string;
  /** HAProxy, or what carries it instead. */
  readonly program: string;
  /** How many interfaces it has in the VPC. */
  readonly nodes: number;
}

interface Parts {
  readonly customer: Customer;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * An Application Load Balancer in two subnets of the default VPC, whose targets are this machine's ports. Undefined
 * where there are no VPCs for it to be in.
 */
export async function makeBalancer(parts: Parts): Promise<DemoBalancer | undefined> {
  const { customer, signal } = parts;
  const { network } = await customer.operator.status(signal);
  const { defaultVpc } = network;
  if (!network.isEnforced || defaultVpc === undefined) return undefined;
  const { elb, ec2 } = await customer.clients();
  const call = { abortSignal: signal };
  await ec2.authorizeSecurityGroupIngress(
    {
      ...{ GroupId: defaultVpc.securityGroupId, IpProtocol: 'tcp', FromPort: 80, ToPort: 80 },
      CidrIp: '0.0.0.0/0',
    },
    call,
  );
  const { LoadBalancers: [balancer] = [] } = await elb.createLoadBalancer(
    { Name: name, Subnets: defaultVpc.subnets.slice(0, 2).map(({ subnetId }) => subnetId) },
    call,
  );
  const { TargetGroups: [group] = [] } = await elb.createTargetGroup(
    {
      ...{ Name: name, Protocol: 'HTTP', Port: 8080, VpcId: defaultVpc.vpcId, TargetType: 'instance' },
      ...{ HealthCheckIntervalSeconds: 5, HealthCheckTimeoutSeconds: 2 },
    },
    call,
  );
  const targetGroupArn = group?.TargetGroupArn ?? '';
  await elb.modifyTargetGroupAttributes(
    {
      TargetGroupArn: targetGroupArn,
      Attributes: [{ Key: 'deregistration_delay.timeout_seconds', Value: drainingSeconds }],
    },
    call,
  );
  const loadBalancerArn = balancer?.LoadBalancerArn ?? '';
  await elb.createListener(
    {
      ...{ LoadBalancerArn: loadBalancerArn, Protocol: 'HTTP', Port: 80 },
      DefaultActions: [{ Type: 'forward', TargetGroupArn: targetGroupArn }],
    },
    call,
  );
  const reached = await reachedAt(parts, loadBalancerArn);
  await untilCarried(parts, reached.url);
  return { ...reached, targetGroupArn, program: network.loadBalancers };
}

/** How a load balancer is reached from this machine: at its first node's public address. */
export async function reachedAt(
  { customer, signal }: Parts,
  loadBalancerArn: string,
): Promise<Pick<DemoBalancer, 'nodes' | 'url'>> {
  const { ec2 } = await customer.clients();
  const description = `ELB ${loadBalancerArn.slice(loadBalancerArn.indexOf('/') + 1)}`;
  const { NetworkInterfaces: nodes = [] } = await ec2.describeNetworkInterfaces(
    { Filters: [{ Name: 'description', Values: [description] }] },
    { abortSignal: signal },
  );
  return { url: `http://${nodes[0]?.Association?.PublicIp}/`, nodes: nodes.length };
}

/** Waits until somebody answers there, whatever it is. @throws {CommandError} nobody does in time. */
export async function untilCarried({ clock, signal }: Parts, url: string): Promise<void> {
  using deadline = withTimeout(clock, carriesMs, signal);
  while (!(await answers(url, deadline.signal))) {
    signal.throwIfAborted();
    if (deadline.signal.aborted)
      throw new CommandError(`The load balancer did not answer at ${url} in ${carriesMs / 1_000} s`);
    await clock.sleep(pollMs, signal);
  }
}

/**
 * How long it takes from now until the application answers behind the load balancer, while `work` deploys it.
 * @throws {CommandError} it does not in time; what `work` throws.
 */
export async function timeToAnswer(parts: Parts, url: string, work: () => Promise<void>): Promise<number> {
  const { clock, signal } = parts;
  const began = clock.monotonic();
  const ended = new AbortController();
  const answered = untilAnswered({ ...parts, signal: AbortSignal.any([signal, ended.signal]) }, url).then(
    () => Math.round(clock.monotonic() - began),
  );
  try {
    const [ms] = await Promise.all([answered, work()]);
    return ms;
  } finally {
    ended.abort(new Error('Nobody waits for the first answer any more'));
  }
}

async function untilAnswered({ clock, signal }: Parts, url: string): Promise<void> {
  using deadline = withTimeout(clock, runningMs, signal);
  while (!(await answers(url, deadline.signal, ({ ok }) => ok))) {
    signal.throwIfAborted();
    if (deadline.signal.aborted)
      throw new CommandError(`The application did not answer at ${url} in ${runningMs / 1_000} s`);
    await clock.sleep(pollMs, signal);
  }
}

/** Any answer will do, also that it has no targets yet; or one that `isWanted`. */
async function answers(
  url: string,
  signal: AbortSignal,
  isWanted: (answer: Response) => boolean = () => true,
): Promise<boolean> {
  try {
    const response = await fetch(url, { headers: { connection: 'close' }, signal });
    await response.arrayBuffer();
    return isWanted(response);
  } catch {
    return false;
  }
}

/** Waits until so many targets get requests. @throws {CommandError} they don't in time. */
export async function untilHealthy(
  { customer, clock, signal }: Parts,
  { targetGroupArn }: DemoBalancer,
  count: number,
): Promise<void> {
  const { elb } = await customer.clients();
  using deadline = withTimeout(clock, healthyMs, signal);
  while (true) {
    const { TargetHealthDescriptions: targets = [] } = await elb.describeTargetHealth(
      { TargetGroupArn: targetGroupArn },
      { abortSignal: signal },
    );
    const states = targets.map(({ TargetHealth }) => TargetHealth?.State);
    if (states.filter((state) => state === 'healthy').length === count) return;
    if (deadline.signal.aborted)
      throw new CommandError(`${count} targets were not healthy in ${healthyMs / 1_000} s, but ${states}`);
    await clock.sleep(pollMs, signal);
  }
}
