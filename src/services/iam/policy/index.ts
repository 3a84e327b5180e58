/**
 * The policy language and its engine, pure and synchronous: `parsePolicy` reads and refuses as IAM does,
 * `compilePolicy` makes a policy version ready once, `evaluate` decides a request over the policies that apply and
 * says which statements decided.
 */
export { readArn } from './arn-pattern.ts';
export { type CompiledPolicy, type CompiledStatement, compilePolicy, distinct } from './compile.ts';
export type { PolicyDocument, PolicyKind } from './document.ts';
export { type Evaluation, evaluate, type PolicySet, type PolicyType, type Verdict } from './evaluate.ts';
export { MalformedPolicy } from './malformed-policy.ts';
export { parsePolicy } from './parse-policy.ts';
export { replacePrincipals } from './replace-principals.ts';
export {
  type ContextSource,
  type ContextValue,
  isAction,
  isResource,
  type PolicyPrincipal,
  type PolicyRequest,
  RequestContext,
} from './request.ts';
