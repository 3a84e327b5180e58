import { invalidInput } from '../errors.ts';
import {
  type CompiledPolicy,
  compilePolicy,
  MalformedPolicy,
  type PolicyKind,
  parsePolicy,
} from '../policy/index.ts';

/**
 * A policy that came with a request and is kept nowhere.
 *
 * @param id What answers call it, e.g. `PolicyInputList.1`.
 * @throws InvalidInput with the reason for which the document is no policy.
 */
export function readPolicyInput(id: string, document: string, kind: PolicyKind): CompiledPolicy {
  try {
    return compilePolicy(id, parsePolicy(document, kind));
  } catch (error) {
    if (error instanceof MalformedPolicy) throw invalidInput(`${id}: ${error.message}`);
    throw error;
  }
}
