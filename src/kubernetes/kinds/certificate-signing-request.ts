import {
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../apiserver/status.ts';
import {
  isJsonObject,
  type JsonObject,
  type KubernetesObject,
  listOf,
  memberOf,
  textOf,
  timestamp,
} from '../objects/object.ts';
import type { Draft, Kind } from './kind.ts';

/** As `certificates.k8s.io/v1` names them. */
const usages = [
  ...['any', 'cert sign', 'client auth', 'code signing', 'content commitment', 'crl sign'],
  ...['data encipherment', 'decipher only', 'digital signature', 'email protection', 'encipher only'],
  ...['ipsec end system', 'ipsec tunnel', 'ipsec user', 'key agreement', 'key encipherment'],
  ...['microsoft sgc', 'netscape sgc', 'ocsp signing', 's/mime', 'server auth', 'signing', 'timestamping'],
];
const leastSeconds = 600;
/** What decides, once and for all. */
const decisions = ['Approved', 'Denied', 'Failed'];

/** `example.com/my-signer`: a domain, and a name within it. */
const signerName =
  /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+\/[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?$/;

export const certificateSigningRequest: Kind = {
  onCreate: (draft) => {
    draft.status = {};
  },
  onChange: keepParts,
  validate: (object, before) => [
    ...(before === undefined ? specErrors(memberOf(object, 'spec')) : []),
    ...statusErrors(object, before),
  ],
};

function specErrors(spec: JsonObject): readonly FieldError[] {
  const errors: FieldError[] = [];
  const given = listOf(spec, 'usages').map(String);
  if (given.length === 0) errors.push(required('spec.usages'));
  for (const [index, usage] of given.entries())
    if (!usages.includes(usage)) errors.push(notSupported(`spec.usages[${index}]`, usage, usages));
  const signer = textOf(spec, 'signerName');
  if (signer === '') errors.push(required('spec.signerName'));
  else if (signer === 'kubernetes.io/legacy-unknown')
    errors.push(
      invalidValue('spec.signerName', signer, 'the legacy signerName is not allowed via this API version'),
    );
  else if (!signerName.test(signer))
    errors.push(
      invalidValue(
        'spec.signerName',
        signer,
        'must be a fully qualified domain and path of the form "example.com/signer-name"',
      ),
    );
  const seconds = spec.expirationSeconds;
  if (typeof seconds === 'number' && seconds < leastSeconds)
    errors.push(
      invalidValue(
        'spec.expirationSeconds',
        seconds,
        'may not specify a duration less than 600 seconds (10 minutes)',
      ),
    );
  return errors;
}

function statusErrors(object: KubernetesObject, before: KubernetesObject | undefined): readonly FieldError[] {
  const errors: FieldError[] = [];
  const conditions = conditionsOf(object);
  const types = conditions.map((it) => textOf(it, 'type'));
  for (const [index, condition] of conditions.entries()) {
    const field = `status.conditions[${index}]`;
    const type = types[index] ?? '';
    if (type === '') errors.push(required(`${field}.type`));
    else if (types.indexOf(type) < index)
      errors.push({
        reason: 'FieldValueDuplicate',
        field: `${field}.type`,
        text: `Duplicate value: ${JSON.stringify(type)}`,
      });
    const status = textOf(condition, 'status');
    const possible = decisions.includes(type) ? ['True'] : ['False', 'True', 'Unknown'];
    if (status === '') errors.push(required(`${field}.status`));
    else if (!possible.includes(status)) errors.push(notSupported(`${field}.status`, status, possible));
    if (types.includes('Approved') && type === 'Denied')
      errors.push(
        invalidValue(`${field}.type`, type, 'Approved and Denied conditions are mutually exclusive'),
      );
  }
  if (before === undefined) return errors;
  for (const type of new Set(conditionsOf(before).map((it) => textOf(it, 'type'))))
    if (decisions.includes(type) && !types.includes(type))
      errors.push(
        forbiddenField(
          'status.conditions',
          `updates may not remove a condition of type ${JSON.stringify(type)}`,
        ),
      );
  const had = textOf(memberOf(before, 'status'), 'certificate');
  const has = textOf(memberOf(object, 'status'), 'certificate');
  if (had !== '' && has !== had)
    errors.push(forbiddenField('status.certificate', 'updates may not modify existing certificate content'));
  if (has !== had && !isCertificate(has))
    errors.push(
      invalidValue(
        'status.certificate',
        '<certificate data>',
        'must contain at least one PEM block of the type CERTIFICATE',
      ),
    );
  return errors;
}

const isCertificate = (base64: string): boolean =>
  Buffer.from(base64, 'base64').toString('latin1').includes('-----BEGIN CERTIFICATE-----');

export const conditionsOf = (object: object): readonly JsonObject[] =>
  listOf(memberOf(object, 'status'), 'conditions').filter(isJsonObject);

export const hasCondition = (object: object, type: string): boolean =>
  conditionsOf(object).some((it) => textOf(it, 'type') === type);

const isApproval = (condition: JsonObject): boolean =>
  ['Approved', 'Denied'].includes(textOf(condition, 'type'));

/**
 * What was asked stays as it is. Who approves writes conditions, and no certificate; who signs writes the certificate and
 * conditions other than those of approval.
 */
function keepParts(
  draft: Draft,
  before: KubernetesObject,
  { subresource, now }: { readonly subresource: string | undefined; readonly now: number },
): void {
  draft.spec = before.spec;
  if (subresource === undefined) return;
  const kept = subresource === 'approval' ? [] : conditionsOf(before).filter(isApproval);
  const asked = conditionsOf(draft).filter((it) => subresource === 'approval' || !isApproval(it));
  const certificate = memberOf(subresource === 'approval' ? before : draft, 'status').certificate;
  draft.status = {
    conditions: [...kept, ...asked].map((it) => dated(it, conditionsOf(before), timestamp(now))),
    ...(certificate !== undefined && { certificate }),
  };
}

/** @param now Of what is new. */
function dated(condition: JsonObject, before: readonly JsonObject[], now: string): JsonObject {
  const same = before.find((it) => it.type === condition.type && it.status === condition.status);
  return {
    ...condition,
    lastUpdateTime: condition.lastUpdateTime ?? now,
    lastTransitionTime: same?.lastTransitionTime ?? now,
  };
}
