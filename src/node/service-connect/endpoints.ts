import { createHash } from 'node:crypto';
import { isIPv4 } from 'node:net';
import type { AcsProxyListener } from '../../protocols/index.ts';
import { selectiveBackend, serverOptions, wholeBackend } from './proxy-config.ts';

/** Where a task of a service is reached. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** A server behind the proxy, as `show servers state` tells of it. */
export interface ProxyServer {
  readonly backend: string;
  readonly name: string;
  /** It gets nothing new. */
  readonly isInMaintenance: boolean;
}

/** Commands of the runtime API, to be said in this order. */
export type Command =
  | { readonly type: 'add'; readonly commands: readonly string[] }
  | { readonly type: 'restore'; readonly commands: readonly string[] }
  /** What is under way ends where it is; the last command is refused until it has, and asked again at the next look. */
  | { readonly type: 'remove'; readonly commands: readonly string[] };

/** What makes the proxy's servers those of `endpoints`, from what they are: nothing when they are already. */
export function serverCommands(
  listener: AcsProxyListener,
  servers: readonly ProxyServer[],
  endpoints: readonly Endpoint[],
): readonly Command[] {
  const options = serverOptions(listener.protocol);
  const sets = [
    { backend: selectiveBackend(listener.discoveryName), option: options.selective, isChecked: true },
    { backend: wholeBackend(listener.discoveryName), option: options.whole, isChecked: false },
  ];
  const wanted = new Map(endpoints.map((endpoint) => [serverName(endpoint), endpoint]));
  return sets.flatMap(({ backend, option, isChecked }): Command[] => {
    const present = new Map(servers.filter((it) => it.backend === backend).map((it) => [it.name, it]));
    const added = [...wanted].flatMap(([name, { address, port }]): Command[] => {
      const server = `${backend}/${name}`;
      const enable = [...(isChecked ? [`enable health ${server}`] : []), `enable server ${server}`];
      const found = present.get(name);
      if (found?.isInMaintenance) return [{ type: 'restore', commands: enable }];
      if (found) return [];
      return [{ type: 'add', commands: [`add server ${server} ${address}:${port}${option}`, ...enable] }];
    });
    const removed = [...present.values()].flatMap(({ name, isInMaintenance }): Command[] => {
      if (wanted.has(name)) return [];
      const server = `${backend}/${name}`;
      const rest = isInMaintenance ? [] : [`set server ${server} state maint`];
      return [{ type: 'remove', commands: [...rest, `del server ${server}`] }];
    });
    return [...added, ...removed];
  });
}

/** The same endpoint is the same server, whoever registered it under whatever name. */
export const serverName = ({ address, port }: Endpoint): string =>
  `t${createHash('sha256').update(`${address}:${port}`).digest('hex').slice(0, 16)}`;

/** What Cloud Map says of an instance; undefined: it says no place that could be asked. */
export function endpointOf(attributes: Readonly<Record<string, string>>): Endpoint | undefined {
  const { AWS_INSTANCE_IPV4: address = '', AWS_INSTANCE_PORT: port = '' } = attributes;
  const isPort = /^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65_535;
  return isIPv4(address) && isPort ? { address, port: Number(port) } : undefined;
}

/** From the answer of `show servers state` (HAProxy's management guide), whose second line names the columns. */
export function readServers(answer: string): readonly ProxyServer[] {
  const [, head = '', ...rows] = answer.split('\n');
  const columns = head.replace(/^# /, '').split(' ');
  const at = (name: string): number => columns.indexOf(name);
  const [backend, name, admin] = [at('be_name'), at('srv_name'), at('srv_admin_state')];
  return rows.flatMap((row) => {
    const values = row.split(' ');
    if (values.length < columns.length) return [];
    return [
      {
        backend: values[backend] ?? '',
        name: values[name] ?? '',
        isInMaintenance: (Number(values[admin]) & 1) === 1,
      },
    ];
  });
}
