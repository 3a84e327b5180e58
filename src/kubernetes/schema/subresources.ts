export type Subresource = keyof typeof subresources;

interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** A kind that is not what it stands below. */
interface OtherKind extends Kind {
  readonly message: string;
}

interface Served {
  /** Sorted, as discovery lists them. */
  readonly verbs: readonly string[];
  /** What is read and written there; absent: the resource itself. */
  readonly kind?: OtherKind;
  /** What the query says, where there is no body: of the group of the resource. */
  readonly options?: string;
}

const changed = { verbs: ['get', 'patch', 'update'] };
const connected = ['create', 'get'];

const subresources = {
  approval: changed,
  attach: { verbs: connected, options: 'PodAttachOptions' },
  binding: { verbs: ['create'], kind: otherKind('', 'v1', 'core', 'Binding') },
  ephemeralcontainers: changed,
  eviction: { verbs: ['create'], kind: otherKind('policy', 'v1', 'policy', 'Eviction') },
  exec: { verbs: connected, options: 'PodExecOptions' },
  finalize: { verbs: ['update'] },
  log: { verbs: ['get'] },
  portforward: { verbs: connected, options: 'PodPortForwardOptions' },
  proxy: { verbs: ['create', 'delete', 'get', 'patch', 'update'], options: 'ProxyOptions' },
  resize: changed,
  scale: { ...changed, kind: otherKind('autoscaling', 'v1', 'autoscaling', 'Scale') },
  status: changed,
  token: {
    verbs: ['create'],
    kind: otherKind('authentication.k8s.io', 'v1', 'authentication', 'TokenRequest'),
  },
} as const satisfies Readonly<Record<string, Served>>;

export const verbsOfSubresource = (subresource: Subresource): readonly string[] =>
  subresources[subresource].verbs;

/** What is read and written there; undefined: the resource itself. */
export function kindOfSubresource(subresource: Subresource | undefined): OtherKind | undefined {
  const served: Served | undefined = subresource && subresources[subresource];
  return served?.kind;
}

/** What is asked for where something is connected to (`PodExecOptions`); undefined: nothing is. */
export function optionsKindOf(resource: Kind, subresource: Subresource | undefined): OtherKind | undefined {
  const served: Served | undefined = subresource && subresources[subresource];
  if (served?.options === undefined) return undefined;
  const { options } = served;
  return otherKind('', 'v1', 'core', options === 'ProxyOptions' ? `${resource.kind}${options}` : options);
}

/** As discovery names what stands below a resource. */
export function shownKindOf(resource: Kind, subresource: Subresource): Kind {
  const { kind, options }: Served = subresources[subresource];
  if (kind !== undefined) return kind;
  const { group, version } = resource;
  if (options === undefined) return { group, version, kind: resource.kind };
  return { group, version, kind: options === 'ProxyOptions' ? `${resource.kind}${options}` : options };
}

function otherKind(group: string, version: string, packageName: string, kind: string): OtherKind {
  return { group, version, kind, message: `k8s.io.api.${packageName}.${version}.${kind}` };
}
