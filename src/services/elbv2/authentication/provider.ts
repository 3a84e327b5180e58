import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { getCACertificates } from 'node:tls';
import { type Clock, withTimeout } from '../../../clock/index.ts';

/** What became of a question to an identity provider that brought no document. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly problem: 'unreachable' | 'refused' | 'unreadable' | 'too-large';
  /** What OAuth calls `error`, of a refusal (RFC 6749, 5.2). */
  readonly code: string | undefined;

  constructor(
    problem: ProviderError['problem'],
    message: string,
    options?: ErrorOptions & { code?: string },
  ) {
    super(message, options);
    this.problem = problem;
    this.code = options?.code;
  }
}

export interface ProviderQuestion {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as a form, by POST. */
  readonly form?: Readonly<Record<string, string>>;
  readonly mostBytes: number;
}

export type AskProvider = (
  question: ProviderQuestion,
  signal: AbortSignal,
) => Promise<Readonly<Record<string, unknown>>>;

/** Each of the endpoints, of all that it does. */
const timeoutMs = 5_000;

/**
 * Asks endpoints of identity providers from this machine: over TLS alone, trusting the authorities that the machine and Node
 * (`NODE_EXTRA_CA_CERTS`) trust; redirects are not followed.
 * @param authorities PEM of others that are trusted.
 * @returns one that throws ProviderError unless a JSON object is the answer.
 */
export function providerClient(clock: Clock, authorities: readonly string[] = []): AskProvider {
  let trusted: string[] | undefined;
  return async (question, signal) => {
    trusted ??= [
      ...new Set([...getCACertificates('default'), ...getCACertificates('system'), ...authorities]),
    ];
    using deadline = withTimeout(clock, timeoutMs, signal);
    const { url, mostBytes } = question;
    try {
      const answer = await send(question, trusted, deadline.signal);
      return objectIn(await bodyOf(answer, mostBytes), answer.statusCode ?? 0);
    } catch (cause) {
      if (cause instanceof ProviderError) throw cause;
      throw new ProviderError('unreachable', `${new URL(url).host} does not answer`, { cause });
    }
  };
}

function send(
  { url, headers = {}, form }: ProviderQuestion,
  ca: string[],
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const body = form && new URLSearchParams(form).toString();
  const asking = request(
    url,
    {
      ...{ method: body === undefined ? 'GET' : 'POST', agent: false, ca, signal },
      headers: {
        ...{ accept: 'application/json', ...headers },
        ...(body !== undefined && {
          'content-type': 'application/x-www-form-urlencoded',
          'content-length': Buffer.byteLength(body),
        }),
      },
    },
    resolve,
  );
  asking.on('error', reject);
  asking.end(body);
  return promise;
}

async function bodyOf(answer: IncomingMessage, mostBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Leaving the loop closes the connection.
    if (bytes > mostBytes)
      throw new ProviderError('too-large', `An answer is larger than ${mostBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function objectIn(body: string, status: number): Readonly<Record<string, unknown>> {
  const found = parsed(body);
  if (status < 200 || status > 299) {
    const code = found?.error;
    throw new ProviderError('refused', `The answer has the status ${status}`, {
      ...(typeof code === 'string' && { code }),
    });
  }
  if (found === undefined) throw new ProviderError('unreadable', 'The answer is no JSON object');
  return found;
}

function parsed(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}
