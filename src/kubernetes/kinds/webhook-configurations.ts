import { compileConditions } from '../apiserver/admission/webhooks/match-conditions.ts';
import { type FieldError, invalidValue, notSupported, required } from '../apiserver/status.ts';
import { type JsonObject, memberOf, objectsIn, textOf, textsIn } from '../objects/object.ts';
import { clientConfigErrors } from '../webhooks/client-config-errors.ts';
import { ensured, itemsOf, type Kind, setDefaults } from './kind.ts';

const configuration = (isMutating: boolean): Kind => ({
  ...{ hasGeneration: true, needsVersionForUpdate: true },
  defaults: (draft) => {
    for (const webhook of itemsOf(draft, 'webhooks')) {
      setDefaults(webhook, {
        ...{ failurePolicy: 'Fail', matchPolicy: 'Equivalent', timeoutSeconds: 10 },
        ...{ namespaceSelector: {}, objectSelector: {} },
        ...(isMutating && { reinvocationPolicy: 'Never' }),
      });
      for (const rule of itemsOf(webhook, 'rules')) setDefaults(rule, { scope: '*' });
      const config = ensured(webhook, 'clientConfig');
      if (config.service !== undefined) setDefaults(ensured(config, 'service'), { port: 443 });
    }
  },
  validate: (object) => {
    const webhooks = objectsIn(object, 'webhooks');
    return webhooks.flatMap((webhook, index) => [
      ...webhookErrors(webhook, `webhooks[${index}]`, isMutating),
      ...(webhooks.findIndex((it) => it.name === webhook.name) < index
        ? [duplicate(`webhooks[${index}].name`, textOf(webhook, 'name'))]
        : []),
    ]);
  },
});

export const mutatingWebhookConfiguration = configuration(true);
export const validatingWebhookConfiguration = configuration(false);

const duplicate = (field: string, value: string): FieldError => ({
  ...{ reason: 'FieldValueDuplicate', field },
  text: `Duplicate value: ${JSON.stringify(value)}`,
});

const nameForm = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?){2,}$/;

function webhookErrors(webhook: JsonObject, at: string, isMutating: boolean): readonly FieldError[] {
  const errors: FieldError[] = [];
  const name = textOf(webhook, 'name');
  if (name === '') errors.push(required(`${at}.name`));
  else if (!nameForm.test(name)) {
    errors.push(
      invalidValue(`${at}.name`, name, 'should be a domain with at least three segments separated by dots'),
    );
  }
  const oneOf = (field: string, values: readonly string[]): void => {
    const value = textOf(webhook, field);
    if (!values.includes(value)) errors.push(notSupported(`${at}.${field}`, value, values));
  };
  oneOf('failurePolicy', ['Fail', 'Ignore']);
  oneOf('matchPolicy', ['Equivalent', 'Exact']);
  if (isMutating) oneOf('reinvocationPolicy', ['IfNeeded', 'Never']);
  if (webhook.sideEffects === undefined)
    errors.push(required(`${at}.sideEffects`, 'must specify one of None, NoneOnDryRun'));
  else oneOf('sideEffects', ['None', 'NoneOnDryRun']);
  const { timeoutSeconds } = webhook;
  if (typeof timeoutSeconds !== 'number' || timeoutSeconds < 1 || timeoutSeconds > 30) {
    errors.push(
      invalidValue(
        `${at}.timeoutSeconds`,
        timeoutSeconds,
        'the timeout value must be between 1 and 30 seconds',
      ),
    );
  }
  for (const [index, rule] of objectsIn(webhook, 'rules').entries())
    errors.push(...ruleErrors(rule, `${at}.rules[${index}]`));
  errors.push(...versionErrors(webhook, `${at}.admissionReviewVersions`));
  errors.push(...clientConfigErrors(memberOf(webhook, 'clientConfig'), `${at}.clientConfig`));
  errors.push(...conditionErrors(webhook, at));
  return errors;
}

/** More than any webhook has. */
const maxConditions = 64;

function conditionErrors(webhook: JsonObject, at: string): readonly FieldError[] {
  const names = objectsIn(webhook, 'matchConditions').map((it) => textOf(it, 'name'));
  if (names.length > maxConditions) {
    const text = `Too many: ${names.length}: must have at most ${maxConditions} items`;
    return [{ reason: 'FieldValueTooMany', field: `${at}.matchConditions`, text }];
  }
  return [
    ...names.flatMap((name, index): readonly FieldError[] => {
      const field = `${at}.matchConditions[${index}].name`;
      if (name === '') return [required(field)];
      return names.indexOf(name) < index ? [duplicate(field, name)] : [];
    }),
    ...compileConditions(webhook, at).broken.map(({ field, expression, message }) =>
      invalidValue(field, expression, message),
    ),
  ];
}

function versionErrors(webhook: JsonObject, field: string): readonly FieldError[] {
  const versions = textsIn(webhook, 'admissionReviewVersions');
  if (versions.length === 0) return [required(field, 'must specify one of v1, v1beta1')];
  if (versions.includes('v1') || versions.includes('v1beta1')) return [];
  return [invalidValue(field, [...versions], 'must include at least one of v1, v1beta1')];
}

const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];

/** What is wrong with a `RuleWithOperations`. */
export function ruleErrors(rule: JsonObject, at: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const list of ['operations', 'apiGroups', 'apiVersions', 'resources']) {
    const values = textsIn(rule, list);
    if (values.length === 0) errors.push(required(`${at}.${list}`));
    if (list !== 'resources' && values.length > 1 && values.includes('*')) {
      const what = list === 'operations' ? 'operations' : list === 'apiGroups' ? 'groups' : 'versions';
      errors.push(
        invalidValue(`${at}.${list}`, [...values], `if '*' is present, must not specify other ${what}`),
      );
    }
  }
  for (const [index, operation] of textsIn(rule, 'operations').entries())
    if (!operations.includes(operation))
      errors.push(notSupported(`${at}.operations[${index}]`, operation, operations));
  for (const [index, version] of textsIn(rule, 'apiVersions').entries())
    if (version === '') errors.push(required(`${at}.apiVersions[${index}]`));
  for (const [index, resource] of textsIn(rule, 'resources').entries())
    if (resource === '') errors.push(required(`${at}.resources[${index}]`));
  const scope = textOf(rule, 'scope');
  if (!['*', 'Cluster', 'Namespaced'].includes(scope))
    errors.push(notSupported(`${at}.scope`, scope, ['*', 'Cluster', 'Namespaced']));
  return errors;
}
