import type { RedirectActionConfig } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { RuleAction } from '../../../balancing/index.ts';
import { invalidLoadBalancerAction, shown, validationError } from '../errors.ts';

type Redirect = RuleAction & { readonly type: 'redirect' };

const unchanged = {
  protocol: '#{protocol}',
  host: '#{host}',
  port: '#{port}',
  path: '/#{path}',
  query: '#{query}',
} as const;

/** The placeholders that each part can have (guide, "Redirect actions"). */
const placeholders: Readonly<Record<keyof typeof unchanged, readonly string[]>> = {
  protocol: ['protocol'],
  host: ['host'],
  port: ['port'],
  path: ['host', 'port', 'path'],
  query: ['protocol', 'host', 'port', 'path', 'query'],
};

const maxLength = 128;

/** @throws InvalidLoadBalancerAction It leads to itself; ValidationError */
export function readRedirect(config: RedirectActionConfig | undefined): Redirect {
  const status = config?.StatusCode;
  if (status === undefined) throw validationError('A redirect status code must be specified');
  if (status !== 'HTTP_301' && status !== 'HTTP_302')
    throw validationError(`Redirect status code '${shown(status)}' must be one of '[HTTP_301, HTTP_302]'`);
  const parts = {
    protocol: config?.Protocol ?? unchanged.protocol,
    host: config?.Host ?? unchanged.host,
    port: config?.Port ?? unchanged.port,
    path: config?.Path ?? unchanged.path,
    query: config?.Query ?? unchanged.query,
  };
  checkParts(parts);
  // Another query alone would be redirected again.
  const isLoop = (['protocol', 'host', 'port', 'path'] as const).every(
    (part) => parts[part] === unchanged[part],
  );
  if (isLoop)
    throw invalidLoadBalancerAction('The redirect configuration is not valid because it creates a loop.');
  return { type: 'redirect', statusCode: status === 'HTTP_301' ? 301 : 302, ...parts };
}

type Parts = Omit<Redirect, 'type' | 'statusCode'>;

function checkParts(parts: Parts): void {
  const refuse = (part: keyof Parts, wanted: string): Error =>
    validationError(`Redirect ${part} '${shown(parts[part])}' must be ${wanted}`);
  if (!['HTTP', 'HTTPS', unchanged.protocol].includes(parts.protocol))
    throw refuse('protocol', "one of '[HTTP, HTTPS, #{protocol}]'");
  if (parts.port !== unchanged.port && !isPort(parts.port))
    throw refuse('port', "between '1' and '65535', or '#{port}'");
  if (!parts.path.startsWith('/')) throw refuse('path', "an absolute path, starting with '/'");
  if (parts.query.startsWith('?')) throw refuse('query', "without a leading '?'");
  if (!/^[A-Za-z0-9.\-_#{}]+$/.test(parts.host)) throw refuse('host', 'a host name');
  for (const part of ['host', 'path', 'query'] as const) {
    if (parts[part].length > maxLength) throw refuse(part, `at most ${maxLength} characters long`);
    // It becomes a part of a header.
    if (!/^[\x21-\x7e]*$/.test(parts[part])) throw refuse(part, 'without spaces and control characters');
    for (const [, name = ''] of parts[part].matchAll(/#\{([^}]*)\}/g))
      if (!placeholders[part].includes(name))
        throw refuse(part, `without the placeholder '#{${shown(name)}}'`);
  }
}

const isPort = (text: string): boolean => /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535;
