import type { CommandContext } from '../command-context.ts';
import { operatorClient } from '../connection.ts';
import type { ExplainResponse } from '../operator-api.ts';
import { CommandError } from '../terminal.ts';

export interface ExplainOptions {
  readonly state: string;
  readonly account?: string;
  /** Each `key=value`; a key that is given again has several values. */
  readonly context: readonly string[];
  readonly json?: boolean;
}

/** Says whether a principal may do something, and which statements make it so. Ends with 0 when it may, else 3. */
export async function explain(
  principal: string,
  action: string,
  resource: string,
  options: ExplainOptions,
  { composition, terminal, signal }: CommandContext,
): Promise<number> {
  const client = operatorClient(options.state, composition.clock);
  const { account } = options;
  const answer = await client.explain(
    {
      principal,
      ...(account !== undefined && { account }),
      action,
      resource,
      context: readContext(options.context),
    },
    signal,
  );
  terminal.stdout.write(options.json ? `${JSON.stringify(answer)}\n` : told(answer, action, resource));
  return answer.decision === 'allowed' ? 0 : 3;
}

function readContext(given: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const context: Record<string, string[]> = {};
  for (const entry of given) {
    const equals = entry.indexOf('=');
    if (equals < 1) throw new CommandError(`Invalid --context ${entry}: key=value is expected`);
    const key = entry.slice(0, equals);
    context[key] = [...(context[key] ?? []), entry.slice(equals + 1)];
  }
  return context;
}

function told(answer: ExplainResponse, action: string, resource: string): string {
  const { principal, decision, reason, statements, missingKeys } = answer;
  const lines = [
    decision === 'allowed'
      ? `ALLOWED: ${principal} may perform ${action} on ${resource}${reason === undefined ? '' : ` ${reason}`}`
      : `DENIED: ${principal} is not authorized to perform: ${action} on resource: ${resource} ${reason}`,
  ];
  lines.push(
    statements.length === 0 ? 'No statement is about this action.' : 'Statements about this action:',
  );
  for (const { effect, policyType, policy, group, number, sid, verdict } of statements) {
    const holder = group === undefined ? '' : ` of group ${group}`;
    const name = sid === undefined ? `statement ${number}` : `statement ${number} (${sid})`;
    lines.push(
      `  ${effect.padEnd(5)}  ${kinds[policyType] ?? policyType} ${policy}${holder}, ${name}: ${verdict}`,
    );
  }
  if (missingKeys.length > 0) {
    lines.push(`Asked for and not given (--context key=value): ${missingKeys.join(', ')}`);
  }
  return `${lines.join('\n')}\n`;
}

const kinds: Readonly<Record<string, string>> = {
  identity: 'policy',
  boundary: 'permissions boundary',
  session: 'session policy',
  resource: "resource's policy",
};
