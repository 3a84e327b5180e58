import { readArnPattern } from './arn-pattern.ts';
import { nullOperator, readOperatorName } from './condition-operators.ts';
import type { PolicyDocument, PolicyKind, PrincipalName, Statement } from './document.ts';
import { legacyParsingError, MalformedPolicy } from './malformed-policy.ts';

/**
 * What a well-formed policy must mean, in IAM's words and IAM's order: each rule is asked of all statements before
 * the next one is.
 *
 * @throws {MalformedPolicy}
 */
export function checkMeaning({ statements }: PolicyDocument, kind: PolicyKind): void {
  const rules = [
    legacyParsing,
    uniqueSids(),
    actionsPresent,
    resourcesWellFormed,
    actionsWellFormed,
    conditionKeysWellFormed,
    resourcesFit(kind),
    principalsFit(kind),
    ...(kind === 'resource' ? [] : [sidWellFormed]),
  ];
  for (const rule of rules) for (const statement of statements) rule(statement);
}

type Rule = (statement: Statement) => void;

const legacyParsing: Rule = ({ conditions, resource }) => {
  for (const { operator, values } of conditions) {
    const known = readOperatorName(operator)?.operator;
    if (known === undefined || known === nullOperator || known.accepts === undefined) continue;
    if (!values.every(known.accepts)) throw legacyParsingError();
  }
  for (const value of resource?.values ?? []) {
    const segments = readArnPattern(value);
    if (segments[0] !== 'arn') continue;
    if (segments[2] === '' || (segments.length < 6 && value.includes('::'))) {
      throw legacyParsingError();
    }
  }
};

const uniqueSids = (): Rule => {
  const seen = new Set<string>();
  return ({ sid }) => {
    if (sid === undefined || sid === '') return;
    if (seen.has(sid)) throw new MalformedPolicy('Statement IDs (SID) in a single policy must be unique.');
    seen.add(sid);
  };
};

const actionsPresent: Rule = ({ action }) => {
  if (action.values.length === 0) throw new MalformedPolicy('Policy statement must contain actions.');
};

const partitions = new Set([
  '*',
  'aws',
  'aws-cn',
  'aws-us-gov',
  'aws-iso',
  'aws-iso-b',
  'aws-iso-e',
  'aws-iso-f',
  'aws-eusc',
]);

const iamPaths = [
  ...['user', 'federated-user', 'role', 'group', 'instance-profile', 'mfa', 'server-certificate', 'policy'],
  ...['sms-mfa', 'saml-provider', 'oidc-provider', 'report', 'access-report'],
].map((type) => `${type}/`);

const resourcesWellFormed: Rule = ({ resource }) => {
  for (const value of resource?.values ?? []) if (value !== '*') checkArn(value);
};

function checkArn(value: string): void {
  const [scheme, partition = '*', vendor = '*', region = '*', account = '*', path = '*'] =
    readArnPattern(value);
  if (scheme !== 'arn') throw new MalformedPolicy(`Resource ${value} must be in ARN format or "*".`);
  if (!partitions.has(partition)) {
    const completed = ['arn', partition, vendor, region, account, path].join(':');
    throw new MalformedPolicy(`Partition "${partition}" is not valid for resource "${completed}".`);
  }
  if (/[*?]/.test(vendor)) {
    throw new MalformedPolicy('Resource vendor must be fully qualified and cannot contain regexes.');
  }
  const hasRegion = readArnPattern(value).length > 3 && region !== '';
  if (vendor === 'iam') {
    if (hasRegion) throw new MalformedPolicy(`IAM resource ${value} cannot contain region information.`);
    if (path !== '*' && !iamPaths.some((start) => path.startsWith(start))) {
      throw new MalformedPolicy(`IAM resource path must either be "*" or start with ${iamPaths.join(', ')}.`);
    }
  }
  if (vendor === 's3' && hasRegion) {
    throw new MalformedPolicy(`Resource ${value} can not contain region information.`);
  }
}

const unprefaced = 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.';

const actionsWellFormed: Rule = ({ action }) => {
  for (const value of action.values) {
    if (value === '*') continue;
    const [vendor = '', name, ...more] = value.split(':');
    if (name === undefined) throw new MalformedPolicy(unprefaced);
    if (more.length > 0) throw new MalformedPolicy('Actions/Condition can contain only one colon.');
    if (!/^(?:\*|[A-Za-z0-9-]+)$/.test(vendor)) throw new MalformedPolicy(`Vendor ${vendor} is not valid`);
    if (name === '') throw new MalformedPolicy('Action cannot be empty!');
  }
};

const conditionKeysWellFormed: Rule = ({ conditions }) => {
  for (const { key } of conditions) if (!key.includes(':')) throw new MalformedPolicy(unprefaced);
};

const resourcesFit =
  (kind: PolicyKind): Rule =>
  ({ resource }) => {
    if (kind === 'trust') {
      if (resource !== undefined) throw new MalformedPolicy('Has prohibited field Resource.');
    } else if (resource === undefined || resource.values.length === 0) {
      throw new MalformedPolicy('Policy statement must contain resources.');
    }
  };

const principalsFit =
  (kind: PolicyKind): Rule =>
  ({ principal, action }) => {
    if (kind === 'identity') {
      if (principal !== undefined)
        throw new MalformedPolicy('Policy document should not specify a principal.');
      return;
    }
    if (principal === undefined || principal.values.length === 0) {
      throw new MalformedPolicy('Missing required field Principal');
    }
    for (const name of principal.values) checkPrincipal(name);
    if (kind === 'trust' && !action.values.every(isTrustAction)) {
      throw new MalformedPolicy('AssumeRole policy may only specify STS AssumeRole actions.');
    }
  };

const trustActions = new Set(
  [
    ...['AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity'],
    ...['TagSession', 'SetSourceIdentity', 'SetContext', '*'],
  ].map((name) => `sts:${name}`.toLowerCase()),
);

function isTrustAction(action: string): boolean {
  return trustActions.has(action.toLowerCase());
}

const principalForms: Readonly<Record<PrincipalName['type'], RegExp>> = {
  '*': /^\*$/,
  // Kept policies name users and roles by their unique ids.
  AWS: /^(?:\*|\d{12}|A(?:ID|RO)A[A-Z0-9]{12,}|arn:aws[a-z-]*:(?:iam::\d{12}:(?:root|(?:user|role)\/[^*?]+)|sts::\d{12}:(?:assumed-role|federated-user)\/[^*?]+))$/,
  Service: /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/,
  Federated: /^(?:arn:aws[a-z-]*:iam::\d{12}:(?:saml|oidc)-provider\/[^*?]+|[a-z0-9-]+(?:\.[a-z0-9-]+)+)$/,
  CanonicalUser: /^[0-9a-f]{64}$/,
};

function checkPrincipal({ type, value }: PrincipalName): void {
  if (principalForms[type].test(value)) return;
  if (type === 'Federated') {
    throw new MalformedPolicy('Federated principals must be valid domain names or SAML metadata ARNs');
  }
  const shown = type === 'Service' ? 'SERVICE' : type;
  throw new MalformedPolicy(`Invalid principal in policy: "${shown}":"${value}"`);
}

/** Not of the policies of resources: those of keys have spaces in theirs (KMS developer guide, "Key policies"). */
const sidWellFormed: Rule = ({ sid }) => {
  if (sid !== undefined && !/^[0-9A-Za-z]*$/.test(sid)) {
    throw new MalformedPolicy(
      'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
    );
  }
};
