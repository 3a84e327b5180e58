import type * as sdk from '@aws-sdk/client-elastic-load-balancing-v2';
import { Refusal } from '../../protocols/index.ts';

/** Every error that the model knows, by name; callers see it without `Exception`. */
type ElbErrorCode = Extract<keyof typeof sdk, `${string}Exception`>;

const refusal = (code: ElbErrorCode, message: string): Refusal => new Refusal(code, message);

/** The model does not know it. */
export const validationError = (message: string): Refusal =>
  new Refusal('ValidationError', message, { status: 400 });

export const loadBalancerNotFound = (name?: string): Refusal =>
  refusal(
    'LoadBalancerNotFoundException',
    name === undefined
      ? 'One or more load balancers not found'
      : `Load balancers '[${shown(name)}]' not found`,
  );
export const duplicateLoadBalancerName = (name: string): Refusal =>
  refusal(
    'DuplicateLoadBalancerNameException',
    `A load balancer with the same name '${name}' exists, but with different settings`,
  );
export const tooManyLoadBalancers = (type: string, max: number): Refusal =>
  refusal(
    'TooManyLoadBalancersException',
    `The maximum number of ${type} load balancers (${max}) has been reached`,
  );
export const targetGroupNotFound = (arn?: string): Refusal =>
  refusal(
    'TargetGroupNotFoundException',
    arn === undefined ? 'One or more target groups not found' : `Target group '${shown(arn)}' not found`,
  );
export const duplicateTargetGroupName = (name: string): Refusal =>
  refusal(
    'DuplicateTargetGroupNameException',
    `A target group with the same name '${name}' exists, but with different settings`,
  );
export const tooManyTargetGroups = (max: number): Refusal =>
  refusal('TooManyTargetGroupsException', `The maximum number of target groups (${max}) has been reached`);
export const tooManyTargets = (message: string): Refusal => refusal('TooManyTargetsException', message);
export const targetGroupAssociationLimit = (arn: string): Refusal =>
  refusal(
    'TargetGroupAssociationLimitException',
    `The following target groups cannot be associated with more than one load balancer: ${arn}`,
  );
export const tooManyTargetGroupsOfBalancer = (max: number): Refusal =>
  refusal(
    'TooManyUniqueTargetGroupsPerLoadBalancerException',
    `The maximum number of target groups of a load balancer (${max}) has been reached`,
  );
export const listenerNotFound = (): Refusal =>
  refusal('ListenerNotFoundException', 'One or more listeners not found');
export const duplicateListener = (balancerArn: string): Refusal =>
  refusal(
    'DuplicateListenerException',
    `A listener already exists on this port for this load balancer '${balancerArn}'`,
  );
export const tooManyListeners = (max: number): Refusal =>
  refusal(
    'TooManyListenersException',
    `The maximum number of listeners of a load balancer (${max}) has been reached`,
  );
export const ruleNotFound = (): Refusal => refusal('RuleNotFoundException', 'One or more rules not found');
export const priorityInUse = (priority: number): Refusal =>
  refusal('PriorityInUseException', `Priority '${priority}' is currently in use`);
export const tooManyRules = (max: number): Refusal =>
  refusal(
    'TooManyRulesException',
    `The maximum number of rules of a load balancer (${max}) has been reached`,
  );
export const tooManyActions = (message: string): Refusal => refusal('TooManyActionsException', message);
export const invalidLoadBalancerAction = (message: string): Refusal =>
  refusal('InvalidLoadBalancerActionException', message);
export const incompatibleProtocols = (message: string): Refusal =>
  refusal('IncompatibleProtocolsException', message);
export const sslPolicyNotFound = (name: string): Refusal =>
  refusal('SSLPolicyNotFoundException', `SSL policy '${shown(name)}' not found`);
export const alpnPolicyNotSupported = (name: string): Refusal =>
  refusal('ALPNPolicyNotSupportedException', `ALPN policy '${shown(name)}' not found`);
export const certificateNotFound = (arn: string): Refusal =>
  refusal('CertificateNotFoundException', `Certificate ARN '${shown(arn)}' is not found`);
export const tooManyCertificates = (max: number): Refusal =>
  refusal(
    'TooManyCertificatesException',
    `The maximum number of certificates of a load balancer (${max}) has been reached`,
  );
export const invalidTarget = (message: string): Refusal => refusal('InvalidTargetException', message);
export const resourceInUse = (message: string): Refusal => refusal('ResourceInUseException', message);
export const operationNotPermitted = (message: string): Refusal =>
  refusal('OperationNotPermittedException', message);
export const invalidConfiguration = (message: string): Refusal =>
  refusal('InvalidConfigurationRequestException', message);
export const invalidSubnet = (message: string): Refusal => refusal('InvalidSubnetException', message);
export const subnetNotFound = (id: string): Refusal =>
  refusal('SubnetNotFoundException', `The subnet ID '${shown(id)}' does not exist`);
export const invalidSecurityGroup = (message: string): Refusal =>
  refusal('InvalidSecurityGroupException', message);
export const allocationIdNotFound = (id: string): Refusal =>
  refusal('AllocationIdNotFoundException', `The allocation ID '${shown(id)}' does not exist`);
export const duplicateTagKeys = (): Refusal =>
  refusal('DuplicateTagKeysException', 'A tag key was specified more than once');
export const tooManyTags = (max: number): Refusal =>
  refusal('TooManyTagsException', `The maximum number of tags of a resource (${max}) has been reached`);

/** What a request asks for and isn't built: refused before anything changes. */
export const unsupported = (what: string): Refusal =>
  new Refusal('UnsupportedOperation', `${what} not supported by this version of Catamaran yet.`, {
    status: 400,
  });

/** There are no user pools here; one that is elsewhere is an OpenID Connect provider like others. */
export const unsupportedCognito = (): Refusal =>
  unsupported(
    "Actions of type authenticate-cognito (use authenticate-oidc with the endpoints of the user pool's domain) are",
  );

/** What somebody sent, in a message of bounded length. */
export const shown = (text: string): string => (text.length > 255 ? `${text.slice(0, 255)}...` : text);
