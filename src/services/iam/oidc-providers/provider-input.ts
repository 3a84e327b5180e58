import { invalidInput, quotaExceeded } from '../errors.ts';
import type { Constraints } from '../input/constraints.ts';

/** IAM user guide, "IAM and AWS STS quotas". */
const maxClientIds = 100;
const maxThumbprints = 5;

export function checkClientId(constraints: Constraints, path: string, id: string | undefined): Constraints {
  return constraints.text(path, id, { isRequired: true, minLength: 1, maxLength: 255 });
}

export function checkThumbprints(
  constraints: Constraints,
  thumbprints: readonly string[] | undefined,
): Constraints {
  return constraints.texts('thumbprintList', thumbprints, { minLength: 40, maxLength: 40 });
}

/** @throws {Refusal} InvalidInput. */
export function keptThumbprints(given: readonly string[]): readonly string[] {
  if (given.length > maxThumbprints) {
    throw invalidInput('Thumbprint list must contain fewer than 5 entries.');
  }
  for (const thumbprint of given) {
    if (!/^[0-9a-f]{40}$/i.test(thumbprint)) throw invalidInput(`Invalid thumbprint: ${thumbprint}`);
  }
  return given.map((thumbprint) => thumbprint.toLowerCase());
}

/** Each once. @throws {Refusal} LimitExceeded. */
export function keptClientIds(given: readonly string[]): readonly string[] {
  const distinct = [...new Set(given)];
  if (distinct.length > maxClientIds) throw quotaExceeded('ClientIdsPerOpenIdConnectProvider', maxClientIds);
  return distinct;
}
