import type { IncomingHttpHeaders } from 'node:http';
import { posix } from 'node:path';

/** How what is behind a proxy names itself, and where the proxy is. */
interface Proxied {
  /** `/api/v1/namespaces/…/proxy` */
  readonly prefix: string;
  /** `10.0.1.5:8080`, as the API server calls it. */
  readonly backend: string;
  /** As the client called the API server: the `Host` of its request, which is passed on. */
  readonly asked: string;
}

/** Where a path behind a proxy is for who asks the proxy. */
export const pathThrough = (prefix: string, path: string): string => {
  const joined = posix.join(prefix, path);
  return path.endsWith('/') && !joined.endsWith('/') ? `${joined}/` : joined;
};

/** An address in an answer, as it leads to the same through the proxy; others, and relative ones, stay as they are. */
export function linkThrough({ prefix, backend, asked }: Proxied, link: string): string {
  const [, origin = '', host = '', path = '', rest = ''] =
    /^((?:https?:)?\/\/([^/?#]*))?([^?#]*)(.*)$/i.exec(link) ?? [];
  if (![backend, asked, ''].includes(host) || !path.startsWith('/')) return link;
  const kept = host === asked ? origin : '';
  return `${kept}${path.startsWith(prefix) ? path : pathThrough(prefix, path)}${rest}`;
}

/** Whether the links within an answer are changed; a page in an encoding that nobody reads here goes as it is, as upstream. */
export function isPage(headers: IncomingHttpHeaders): boolean {
  const { 'content-type': type = '', 'content-encoding': encoding = '' } = headers;
  const [media = ''] = type.split(';', 1);
  return media.trim().toLowerCase() === 'text/html' && ['', 'gzip', 'deflate'].includes(encoding);
}
