import { malformedPolicy } from '../errors.ts';
import { MalformedPolicy, type PolicyDocument, type PolicyKind, parsePolicy } from '../policy/index.ts';

/** @throws {Refusal} MalformedPolicyDocument with IAM's reason. */
export function readDocument(text: string, kind: PolicyKind): PolicyDocument {
  try {
    return parsePolicy(text, kind);
  } catch (error) {
    if (error instanceof MalformedPolicy) throw malformedPolicy(error.message);
    throw error;
  }
}

/** As IAM counts it: white space is free (IAM user guide, "IAM and AWS STS quotas"). */
export function documentSize(text: string): number {
  return text.replace(/[\t\n\r ]/g, '').length;
}

/** Documents stand in answers percent-encoded (RFC 3986). */
export function encodedDocument(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (it) => `%${it.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
