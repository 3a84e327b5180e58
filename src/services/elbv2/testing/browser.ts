import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';

export interface BrowserAnswer {
  readonly status: number;
  readonly location: string | undefined;
  readonly cookies: readonly string[];
  readonly body: string;
}

/** Keeps cookies for one host as browsers do, and follows no redirect unless it is told to. */
export class Browser {
  readonly #ca: readonly string[];
  /** Where the load balancer is that is named `host`. */
  readonly #place: { readonly host: string; readonly port: number; readonly address: string };
  readonly jar = new Map<string, string>();

  constructor(place: Browser['place'], ca: readonly string[]) {
    this.#place = place;
    this.#ca = ca;
  }

  get place() {
    return this.#place;
  }

  /** @param target A path of the load balancer's, or a URL. */
  async get(target: string, headers: Readonly<Record<string, string>> = {}): Promise<BrowserAnswer> {
    const { host, port, address } = this.#place;
    const url = new URL(target, `https://${host}`);
    const isOurs = url.hostname === host;
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const sent = request({
      ...{ path: url.pathname + url.search, agent: false, ca: [...this.#ca], servername: url.hostname },
      ...(isOurs ? { host: address, port } : { host: url.hostname, port: url.port }),
      headers: {
        host: isOurs ? host : url.host,
        ...(isOurs && cookie !== '' && { cookie }),
        ...headers,
      },
    });
    sent.end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    let body = '';
    for await (const chunk of answer) body += chunk;
    const cookies = answer.headers['set-cookie'] ?? [];
    if (isOurs) for (const each of cookies) this.#keep(each);
    return { status: answer.statusCode ?? 0, location: answer.headers.location, cookies, body };
  }

  /** To the provider and back, up to what was asked for. */
  async follow(target: string): Promise<BrowserAnswer> {
    let answer = await this.get(target);
    for (let hops = 0; answer.status === 302 && hops < 5; hops += 1)
      answer = await this.get(answer.location ?? '');
    return answer;
  }

  #keep(setCookie: string): void {
    const [pair = '', ...attributes] = setCookie.split('; ');
    const [name = ''] = pair.split('=');
    const expires = attributes.find((each) => each.startsWith('Expires='))?.slice('Expires='.length);
    if (expires !== undefined && Date.parse(expires) <= Date.now()) this.jar.delete(name);
    else this.jar.set(name, pair.slice(name.length + 1));
  }
}
