import {
  type AccountsResponse,
  type ExplainResponse,
  type NewAccountResponse,
  operatorPaths,
  type SignInResponse,
} from '../cli/index.ts';
import type { SignedRoute } from '../gateway/index.ts';
import { Refusal } from '../protocols/index.ts';
import type { IamOperator } from '../services/iam/index.ts';

/** What a person asks of the installation's identities: see `cli/operator-api.ts`. */
export function identityRoutes(load: () => Promise<IamOperator>): readonly SignedRoute[] {
  return [
    {
      isSigned: true,
      method: 'GET',
      path: operatorPaths.accounts,
      action: 'catamaran:ListAccounts',
      handle: async () => {
        const identities = await load();
        return { status: 200, body: { accounts: identities.listAccounts() } satisfies AccountsResponse };
      },
    },
    {
      isSigned: true,
      method: 'POST',
      path: operatorPaths.accounts,
      action: 'catamaran:CreateAccount',
      handle: async ({ body }) => {
        const identities = await load();
        const account: NewAccountResponse = await identities.createAccount(text(body, 'name'));
        return { status: 200, body: account };
      },
    },
    {
      isSigned: true,
      method: 'POST',
      path: operatorPaths.sessions,
      action: 'catamaran:SignIn',
      handle: async ({ body }) => {
        const identities = await load();
        const session: SignInResponse = identities.signIn(text(body, 'principal'), {
          account: optionalText(body, 'account'),
          durationSeconds: optionalNumber(body, 'durationSeconds'),
        });
        return { status: 200, body: session };
      },
    },
    {
      isSigned: true,
      method: 'POST',
      path: operatorPaths.explanations,
      action: 'catamaran:Explain',
      handle: async ({ body }) => {
        const identities = await load();
        const explanation: ExplainResponse = identities.explain({
          principal: text(body, 'principal'),
          account: optionalText(body, 'account'),
          action: text(body, 'action'),
          resource: text(body, 'resource'),
          context: keys(body),
        });
        return { status: 200, body: explanation };
      },
    },
  ];
}

function member(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null && Object.hasOwn(body, name)
    ? (body as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

function text(body: unknown, name: string): string {
  return optionalText(body, name) ?? refuse(`Invalid ${name}: it is missing`);
}

function optionalText(body: unknown, name: string): string | undefined {
  const value = member(body, name);
  if (value === undefined || (typeof value === 'string' && value.length <= 2048)) return value;
  return refuse(`Invalid ${name}: a text of at most 2,048 characters is expected`);
}

function optionalNumber(body: unknown, name: string): number | undefined {
  const value = member(body, name);
  if (value === undefined || typeof value === 'number') return value;
  return refuse(`Invalid ${name}: a number is expected`);
}

/** The condition keys that a question brings. */
function keys(body: unknown): Readonly<Record<string, readonly string[]>> {
  const value = member(body, 'context') ?? {};
  const isOne = (it: unknown): it is readonly string[] =>
    Array.isArray(it) && it.every((one) => typeof one === 'string');
  if (typeof value === 'object' && Object.values(value ?? {}).every(isOne)) {
    return value as Readonly<Record<string, readonly string[]>>;
  }
  return refuse('Invalid context: lists of texts by condition key are expected');
}

function refuse(message: string): never {
  throw new Refusal('InvalidRequest', message, { status: 400 });
}
