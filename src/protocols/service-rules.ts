import { Refusal } from './refusal.ts';
import type { MissingMember } from './required-members.ts';

/**
 * Where the services differ in what the schemas do not say: how a request that carries no credential scope is
 * recognised, how large it may be, and in which of its own words a service refuses what the gateway and the
 * codecs find wrong.
 */
export interface ServiceRules {
  readonly marks: ServiceMarks;
  readonly maxBodyBytes: number;
  /** Of query services: they answer in JSON who accepts nothing else, as those do who replay an EKS token. */
  readonly answersJson?: boolean;
  /** By operation: texts that AWS's own programs send and that the schemas do not tell of. */
  readonly privateMembers?: Readonly<Record<string, readonly string[]>>;
  /** The numbers in its inputs that need not be whole, as `Structure.member`; see `JsonDialect`. */
  readonly decimals?: ReadonlySet<string>;
  readonly accessDenied: AccessDenied;
  readonly internalFailure: CodeAndStatus;
  /** For what is known by name and not built. */
  readonly notSupported: CodeAndStatus;
  refuseMissing(missing: readonly MissingMember[], operation: string): Refusal;
}

/** A code of the service's errors; `status` counts where the schemas don't know the code. */
export interface CodeAndStatus {
  readonly code: string;
  readonly status: number;
}

export interface AccessDenied extends CodeAndStatus {
  /** Before the reason. */
  readonly opening?: string;
  /** Why, for those who may decode it: see `sts:DecodeAuthorizationMessage`. */
  readonly handsOutDetails?: true;
}

export interface ServiceMarks {
  /** Of `X-Amz-Target`. */
  readonly targetPrefix?: string;
  /** `Version` of the query protocols, which is another for each service. */
  readonly version?: string;
  /** The first segments of its paths. */
  readonly pathRoots?: readonly string[];
}

const mebibyte = 1024 * 1024;

const accessDeniedException = { code: 'AccessDeniedException', status: 403 };
/** Where the model does not say 403, what a service of the JSON protocol refuses is a bad request, this too. */
const accessDeniedInJson = { code: 'AccessDeniedException', status: 400 };
const accessDenied = { code: 'AccessDenied', status: 403 };
const unsupportedOperation = { code: 'UnsupportedOperation', status: 400 };
const internalFailure = { code: 'InternalFailure', status: 500 };

const rules: Readonly<Record<string, ServiceRules>> = {
  ecs: {
    marks: { targetPrefix: 'AmazonEC2ContainerServiceV20141113' },
    privateMembers: { RegisterContainerInstance: ['clientToken'] },
    decimals: new Set([
      'CanaryConfiguration.canaryPercent',
      'DaemonDeploymentConfiguration.drainPercent',
      'LinearConfiguration.stepPercent',
      'MemoryGiBPerVCpuRequest.max',
      'MemoryGiBPerVCpuRequest.min',
      'NetworkBandwidthGbpsRequest.max',
      'NetworkBandwidthGbpsRequest.min',
      'Resource.doubleValue',
      'Scale.value',
      'TotalLocalStorageGBRequest.max',
      'TotalLocalStorageGBRequest.min',
    ]),
    maxBodyBytes: mebibyte,
    accessDenied: accessDeniedException,
    internalFailure: { code: 'ServerException', status: 500 },
    notSupported: { code: 'UnsupportedFeatureException', status: 400 },
    refuseMissing: refuseMissingInEcs,
  },
  eks: {
    marks: {
      pathRoots: [
        'access-policies',
        'addons',
        'cluster-registrations',
        'cluster-versions',
        'clusters',
        'eks-anywhere-subscriptions',
        'tags',
      ],
    },
    maxBodyBytes: mebibyte,
    accessDenied: accessDeniedException,
    internalFailure: { code: 'ServerException', status: 500 },
    notSupported: { code: 'InvalidRequestException', status: 400 },
    refuseMissing: (missing) => constraintViolations('InvalidParameterException', missing),
  },
  iam: {
    marks: { version: '2010-05-08' },
    answersJson: true,
    maxBodyBytes: mebibyte,
    accessDenied,
    internalFailure: { code: 'ServiceFailure', status: 500 },
    notSupported: unsupportedOperation,
    refuseMissing: (missing) => constraintViolations('ValidationError', missing),
  },
  sts: {
    marks: { version: '2011-06-15' },
    answersJson: true,
    maxBodyBytes: mebibyte,
    accessDenied,
    internalFailure,
    notSupported: unsupportedOperation,
    refuseMissing: (missing) => constraintViolations('ValidationError', missing),
  },
  ec2: {
    marks: { version: '2016-11-15' },
    maxBodyBytes: mebibyte,
    accessDenied: {
      ...{ code: 'UnauthorizedOperation', status: 403, handsOutDetails: true },
      opening: 'You are not authorized to perform this operation.',
    },
    internalFailure: { code: 'InternalError', status: 500 },
    notSupported: unsupportedOperation,
    refuseMissing: refuseMissingInEc2,
  },
  elasticloadbalancing: {
    marks: { version: '2015-12-01' },
    maxBodyBytes: mebibyte,
    accessDenied,
    internalFailure,
    notSupported: unsupportedOperation,
    refuseMissing: (missing) => constraintViolations('ValidationError', missing),
  },
  logs: {
    marks: { targetPrefix: 'Logs_20140328' },
    // A batch of PutLogEvents is at most 1 MiB of UTF-8 and 26 bytes an event; as JSON it grows.
    maxBodyBytes: 8 * mebibyte,
    accessDenied: accessDeniedInJson,
    internalFailure,
    notSupported: { code: 'UnsupportedOperationException', status: 400 },
    refuseMissing: (missing) => constraintViolations('InvalidParameterException', missing),
  },
  monitoring: {
    marks: { targetPrefix: 'GraniteServiceVersion20100801', version: '2010-08-01' },
    maxBodyBytes: mebibyte,
    accessDenied,
    internalFailure: { code: 'InternalServiceFault', status: 500 },
    notSupported: unsupportedOperation,
    refuseMissing: refuseMissingInCloudWatch,
  },
  events: {
    marks: { targetPrefix: 'AWSEvents' },
    maxBodyBytes: mebibyte,
    accessDenied: accessDeniedInJson,
    internalFailure: { code: 'InternalException', status: 500 },
    notSupported: { code: 'OperationDisabledException', status: 400 },
    refuseMissing: (missing) => constraintViolations('ValidationException', missing),
  },
  'application-autoscaling': {
    marks: { targetPrefix: 'AnyScaleFrontendService' },
    maxBodyBytes: mebibyte,
    accessDenied: accessDeniedInJson,
    internalFailure: { code: 'InternalServiceException', status: 500 },
    notSupported: { code: 'ValidationException', status: 400 },
    refuseMissing: (missing) => constraintViolations('ValidationException', missing),
  },
  acm: {
    marks: { targetPrefix: 'CertificateManager' },
    maxBodyBytes: mebibyte,
    accessDenied: accessDeniedException,
    internalFailure,
    notSupported: { code: 'InvalidParameterException', status: 400 },
    refuseMissing: (missing) => constraintViolations('ValidationException', missing),
  },
  kms: {
    marks: { targetPrefix: 'TrentService' },
    maxBodyBytes: mebibyte,
    accessDenied: accessDeniedInJson,
    internalFailure: { code: 'KMSInternalException', status: 500 },
    notSupported: { code: 'UnsupportedOperationException', status: 400 },
    refuseMissing: (missing) => constraintViolations('ValidationException', missing),
  },
  servicediscovery: {
    marks: { targetPrefix: 'Route53AutoNaming_v20170314' },
    maxBodyBytes: mebibyte,
    accessDenied: accessDeniedInJson,
    internalFailure,
    notSupported: { code: 'InvalidInput', status: 400 },
    refuseMissing: (missing) => constraintViolations('InvalidInput', missing),
  },
};

const otherService: ServiceRules = {
  marks: {},
  maxBodyBytes: mebibyte,
  accessDenied: accessDeniedException,
  internalFailure,
  notSupported: unsupportedOperation,
  refuseMissing: (missing) => constraintViolations('ValidationException', missing),
};

/** @param signingName The SigV4 signing name, e.g. `elasticloadbalancing`. */
export function rulesOf(signingName: string): ServiceRules {
  return Object.hasOwn(rules, signingName) ? (rules[signingName] ?? otherService) : otherService;
}

/** The service that a request without a credential scope means, by what it carries instead. */
export function signingNameByMarks(seen: {
  readonly targetPrefix?: string | undefined;
  readonly version?: string | undefined;
  readonly pathRoot?: string | undefined;
}): string | undefined {
  for (const [signingName, { marks }] of Object.entries(rules)) {
    if (seen.targetPrefix !== undefined && marks.targetPrefix === seen.targetPrefix) return signingName;
    if (seen.version !== undefined && marks.version === seen.version) return signingName;
    if (seen.pathRoot !== undefined && marks.pathRoots?.includes(seen.pathRoot)) return signingName;
  }
  return undefined;
}

/** The words of the validation that most services share. */
function constraintViolations(code: string, missing: readonly MissingMember[]): Refusal {
  const violations = missing.map(
    ({ path }) =>
      `Value null at '${constraintPath(path)}' failed to satisfy constraint: Member must not be null`,
  );
  const count = `${missing.length} validation error${missing.length === 1 ? '' : 's'} detected`;
  return new Refusal(code, `${count}: ${violations.join('; ')}`, { status: 400 });
}

/** `['tags', '0', 'key']` is `tags.1.member.key`. */
function constraintPath(path: readonly string[]): string {
  return path.map((part) => (/^\d+$/.test(part) ? `${Number(part) + 1}.member` : lowerFirst(part))).join('.');
}

function refuseMissingInEc2(missing: readonly MissingMember[]): Refusal {
  const path = missing[0]?.path ?? [];
  const name = path.map((part) => (/^\d+$/.test(part) ? String(Number(part) + 1) : part)).join('.');
  return new Refusal('MissingParameter', `The request must contain the parameter ${name}`, { status: 400 });
}

function refuseMissingInCloudWatch(missing: readonly MissingMember[]): Refusal {
  const path = missing[0]?.path ?? [];
  const name = path.map((part) => (/^\d+$/.test(part) ? `member.${Number(part) + 1}` : part)).join('.');
  return new Refusal('MissingRequiredParameterException', `The parameter ${name} is required.`);
}

/** ECS says what is blank, and has its own words for task definitions. */
function refuseMissingInEcs(missing: readonly MissingMember[], operation: string): Refusal {
  const [first] = missing;
  const name = first?.path.at(-1) ?? '';
  if (operation === 'RegisterTaskDefinition' && first?.path.length === 1) {
    if (name === 'containerDefinitions')
      return new Refusal('ClientException', 'Container list cannot be empty.');
    if (name === 'family') return new Refusal('ClientException', 'Family should not be null or empty.');
  }
  if (name === 'subnets') return new Refusal('InvalidParameterException', 'subnets can not be empty.');
  const isList = first?.schema.isListSchema() === true;
  const words = `${sentenceOf(name)} ${isList ? 'cannot be empty' : 'can not be blank'}`;
  // At the top the name says it all; further down it is one of many.
  const path = first?.path ?? [];
  return new Refusal(
    'InvalidParameterException',
    path.length > 1 ? `${words}: ${memberPath(path)}.` : `${words}.`,
  );
}

/** `['tags', '0', 'key']` is `tags[0].key`. */
function memberPath(path: readonly string[]): string {
  return path
    .map((part, index) => (/^\d+$/.test(part) ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('');
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** `containerInstances` is `Container instances`. */
function sentenceOf(memberName: string): string {
  const words = memberName.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
