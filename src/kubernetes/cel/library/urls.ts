import type { Environment } from '@marcbachmann/cel-js';
import { CelError } from '../cel-error.ts';

/** Kubernetes' functions of URLs. */
export function addUrls(environment: Environment): void {
  environment
    .registerType('kubernetes.URL', { ctor: UrlValue, fields: {} })
    .registerFunction('url(string): kubernetes.URL', readUrl)
    .registerFunction('isURL(string): bool', (text: string) => isUrl(text))
    .registerFunction('kubernetes.URL.getScheme(): string', ({ url }: UrlValue) => url.protocol.slice(0, -1))
    .registerFunction('kubernetes.URL.getHost(): string', ({ url }: UrlValue) => url.host)
    .registerFunction('kubernetes.URL.getHostname(): string', ({ url }: UrlValue) =>
      url.hostname.replace(/^\[|\]$/g, ''),
    )
    .registerFunction('kubernetes.URL.getPort(): string', ({ url }: UrlValue) => url.port)
    .registerFunction('kubernetes.URL.getEscapedPath(): string', ({ url, isPath }: UrlValue) =>
      isPath || url.pathname !== '/' ? url.pathname : '',
    )
    .registerFunction('kubernetes.URL.getQuery(): map<string, list<string>>', ({ url }: UrlValue) => {
      const query = new Map<string, string[]>();
      for (const [name, value] of url.searchParams) query.set(name, [...(query.get(name) ?? []), value]);
      return query;
    });
}

class UrlValue {
  readonly url: URL;
  /** An absolute path alone. */
  readonly isPath: boolean;

  constructor(url: URL, isPath: boolean) {
    this.url = url;
    this.isPath = isPath;
  }
}

/** Absolute ones, or absolute paths, as Go reads request URIs. */
const isUrl = (text: string): boolean => URL.canParse(text) || text.startsWith('/');

function readUrl(text: string): UrlValue {
  if (!isUrl(text))
    throw new CelError(
      `URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`,
    );
  return URL.canParse(text)
    ? new UrlValue(new URL(text), false)
    : new UrlValue(new URL(text, 'path://'), true);
}
