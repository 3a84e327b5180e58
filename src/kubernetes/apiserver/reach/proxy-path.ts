interface ProxyName {
  readonly scheme: string;
  readonly name: string;
  readonly port: string;
}

/** Of `n`, `n:10250` and `https:n:10250`. */
export function readProxyName(text: string): ProxyName {
  const parts = text.split(':');
  const [scheme = '', name = '', port = ''] =
    parts.length === 3 ? parts : parts.length === 2 ? ['', ...parts] : ['', text];
  return { scheme, name, port };
}

/** As it was sent, escapes and all: `/…/proxy`, what follows, and the query with its `?`. */
export function splitProxyPath(url: string) {
  const [, prefix = '', path = '', query = ''] =
    /^([^?]*?\/(?:nodes|pods|services)\/[^/?]+\/proxy)(\/[^?]*)?(\?.*)?$/.exec(url) ?? [];
  return { prefix, path, query };
}
