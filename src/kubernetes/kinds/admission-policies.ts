import { compilePolicy } from '../apiserver/admission/policies/policy.ts';
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
  memberOf,
  objectsIn,
  textOf,
  textsIn,
} from '../objects/object.ts';
import { ensured, itemsOf, type Kind, setDefaults } from './kind.ts';
import { ruleErrors } from './webhook-configurations.ts';

const policy = (isMutating: boolean): Kind => ({
  ...{ hasGeneration: true, needsVersionForUpdate: true },
  defaults: (draft) => {
    const spec = ensured(draft, 'spec');
    setDefaults(spec, { failurePolicy: 'Fail' });
    if (isJsonObject(spec.matchConstraints)) matchDefaults(ensured(spec, 'matchConstraints'));
  },
  validate: (object) => policyErrors(object, isMutating),
});

const binding = (isMutating: boolean): Kind => ({
  ...{ hasGeneration: true, needsVersionForUpdate: true },
  defaults: (draft) => {
    const spec = ensured(draft, 'spec');
    if (isJsonObject(spec.matchResources)) matchDefaults(ensured(spec, 'matchResources'));
  },
  validate: (object) => bindingErrors(object, isMutating),
});

/** Expressions that judge or change what is written, and where they are put to work. */
export const validatingAdmissionPolicy = policy(false);
export const validatingAdmissionPolicyBinding = binding(false);
export const mutatingAdmissionPolicy = policy(true);
export const mutatingAdmissionPolicyBinding = binding(true);

function matchDefaults(match: Record<string, unknown>): void {
  setDefaults(match, { matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {} });
  for (const list of ['resourceRules', 'excludeResourceRules'])
    for (const rule of itemsOf(match, list)) setDefaults(rule, { scope: '*' });
}

function policyErrors(object: KubernetesObject, isMutating: boolean): readonly FieldError[] {
  const spec = memberOf(object, 'spec');
  const errors: FieldError[] = [];
  const oneOf = (field: string, values: readonly string[]): void => {
    const value = textOf(spec, field);
    if (!values.includes(value)) errors.push(notSupported(`spec.${field}`, value, values));
  };
  oneOf('failurePolicy', ['Fail', 'Ignore']);
  if (isMutating) {
    if (textOf(spec, 'reinvocationPolicy') === '') errors.push(required('spec.reinvocationPolicy'));
    else oneOf('reinvocationPolicy', ['Never', 'IfNeeded']);
  }
  if (isJsonObject(spec.paramKind)) errors.push(...paramKindErrors(spec.paramKind));
  if (!isJsonObject(spec.matchConstraints)) errors.push(required('spec.matchConstraints'));
  else {
    errors.push(...matchErrors(spec.matchConstraints, 'spec.matchConstraints'));
    if (objectsIn(spec.matchConstraints, 'resourceRules').length === 0)
      errors.push(required('spec.matchConstraints.resourceRules'));
  }
  errors.push(...(isMutating ? mutationErrors(spec) : validationErrors(spec)), ...nameErrors(spec));
  for (const { field, expression, message } of compilePolicy(object).broken)
    errors.push(invalidValue(field, expression, message));
  return errors;
}

function paramKindErrors(paramKind: JsonObject): readonly FieldError[] {
  return ['apiVersion', 'kind'].flatMap((field) =>
    textOf(paramKind, field) === '' ? [required(`spec.paramKind.${field}`)] : [],
  );
}

function matchErrors(match: JsonObject, at: string): readonly FieldError[] {
  const errors = ['resourceRules', 'excludeResourceRules'].flatMap((list) =>
    objectsIn(match, list).flatMap((rule, index) => ruleErrors(rule, `${at}.${list}[${index}]`)),
  );
  const policies = ['Equivalent', 'Exact'];
  const matchPolicy = textOf(match, 'matchPolicy');
  return policies.includes(matchPolicy)
    ? errors
    : [...errors, notSupported(`${at}.matchPolicy`, matchPolicy, policies)];
}

const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge', 'Unauthorized'];

function validationErrors(spec: JsonObject): readonly FieldError[] {
  const [validations, annotations] = [objectsIn(spec, 'validations'), objectsIn(spec, 'auditAnnotations')];
  const errors: FieldError[] = [];
  if (validations.length === 0 && annotations.length === 0) {
    const words = 'validations or auditAnnotations must contain at least one item';
    errors.push(required('spec.validations', words), required('spec.auditAnnotations', words));
  }
  for (const [index, validation] of validations.entries()) {
    const at = `spec.validations[${index}]`;
    if (textOf(validation, 'expression').trim() === '')
      errors.push(required(`${at}.expression`, 'expression is not specified'));
    const reason = textOf(validation, 'reason');
    if (reason !== '' && !reasons.includes(reason))
      errors.push(notSupported(`${at}.reason`, reason, reasons));
    if (/[\r\n]/.test(textOf(validation, 'message')))
      errors.push(
        invalidValue(`${at}.message`, textOf(validation, 'message'), 'must not contain line breaks'),
      );
  }
  for (const [index, annotation] of annotations.entries())
    for (const field of ['key', 'valueExpression'])
      if (textOf(annotation, field).trim() === '')
        errors.push(required(`spec.auditAnnotations[${index}].${field}`));
  return errors;
}

function mutationErrors(spec: JsonObject): readonly FieldError[] {
  const mutations = objectsIn(spec, 'mutations');
  if (mutations.length === 0) return [required('spec.mutations', 'mutations must contain at least one item')];
  const types = ['ApplyConfiguration', 'JSONPatch'];
  return mutations.flatMap((mutation, index): readonly FieldError[] => {
    const at = `spec.mutations[${index}]`;
    const type = textOf(mutation, 'patchType');
    if (type === '') return [required(`${at}.patchType`)];
    if (!types.includes(type)) return [notSupported(`${at}.patchType`, type, types)];
    const [own, other] =
      type === 'JSONPatch' ? ['jsonPatch', 'applyConfiguration'] : ['applyConfiguration', 'jsonPatch'];
    const expression = textOf(memberOf(mutation, own), 'expression');
    return [
      ...(expression.trim() === ''
        ? [required(`${at}.${own}.expression`, 'expression is not specified')]
        : []),
      ...(mutation[other] === undefined
        ? []
        : [forbiddenField(`${at}.${other}`, `must not be set when patchType is ${type}`)]),
    ];
  });
}

/** Variables and conditions go by their names. */
function nameErrors(spec: JsonObject): readonly FieldError[] {
  const of = (list: string, form: RegExp, words: string): readonly FieldError[] => {
    const names = objectsIn(spec, list).map((it) => textOf(it, 'name'));
    return names.flatMap((name, index): readonly FieldError[] => {
      const field = `spec.${list}[${index}]`;
      if (name === '') return [required(`${field}.name`)];
      if (names.indexOf(name) < index)
        return [
          {
            reason: 'FieldValueDuplicate',
            field: `${field}.name`,
            text: `Duplicate value: ${JSON.stringify(name)}`,
          },
        ];
      const isEmpty = textOf(objectsIn(spec, list)[index], 'expression').trim() === '';
      return [
        ...(form.test(name) ? [] : [invalidValue(`${field}.name`, name, words)]),
        ...(isEmpty ? [required(`${field}.expression`, 'expression is not specified')] : []),
      ];
    });
  };
  return [
    ...of('variables', /^[A-Za-z_]\w*$/, 'name is not a valid CEL identifier'),
    ...of('matchConditions', /^([\w.-]+\/)?[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?$/, 'must be a qualified name'),
  ];
}

const actions = ['Audit', 'Deny', 'Warn'];

function bindingErrors(object: KubernetesObject, isMutating: boolean): readonly FieldError[] {
  const spec = memberOf(object, 'spec');
  const errors: FieldError[] = [];
  if (textOf(spec, 'policyName') === '') errors.push(required('spec.policyName'));
  if (isJsonObject(spec.matchResources))
    errors.push(...matchErrors(spec.matchResources, 'spec.matchResources'));
  if (isJsonObject(spec.paramRef)) errors.push(...paramRefErrors(spec.paramRef));
  return isMutating ? errors : [...errors, ...actionErrors(textsIn(spec, 'validationActions'))];
}

function paramRefErrors(ref: JsonObject): readonly FieldError[] {
  const at = 'spec.paramRef';
  const isNamed = textOf(ref, 'name') !== '';
  const hasSelector = isJsonObject(ref.selector);
  const answers = ['Allow', 'Deny'];
  const answer = textOf(ref, 'parameterNotFoundAction');
  return [
    ...(isNamed && hasSelector
      ? [forbiddenField(`${at}.name`, 'name and selector are mutually exclusive')]
      : []),
    ...(isNamed || hasSelector ? [] : [required(at, 'one of name or selector must be specified')]),
    ...(answer === '' ? [required(`${at}.parameterNotFoundAction`)] : []),
    ...(answer === '' || answers.includes(answer)
      ? []
      : [notSupported(`${at}.parameterNotFoundAction`, answer, answers)]),
  ];
}

function actionErrors(given: readonly string[]): readonly FieldError[] {
  const at = 'spec.validationActions';
  const errors: FieldError[] = given.length === 0 ? [required(at)] : [];
  for (const [index, action] of given.entries()) {
    if (!actions.includes(action)) errors.push(notSupported(`${at}[${index}]`, action, actions));
    if (given.indexOf(action) < index)
      errors.push({
        reason: 'FieldValueDuplicate',
        field: `${at}[${index}]`,
        text: `Duplicate value: ${JSON.stringify(action)}`,
      });
  }
  if (given.includes('Deny') && given.includes('Warn')) {
    errors.push(
      invalidValue(
        at,
        [...given],
        'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
      ),
    );
  }
  return errors;
}
