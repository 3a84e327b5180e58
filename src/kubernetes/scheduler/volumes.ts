import { parseQuantity } from '../../quantity.ts';
import { type Reader, type RecordKey, recordKey } from '../../reconcile/index.ts';
import { parsedKey, siblingKey } from '../controllers/collections.ts';
import { isEmptySelector, selects } from '../controllers/label-selector.ts';
import { meets } from '../controllers/node-fit.ts';
import { claims, csiNodes, storageClasses, volumes } from './collections.ts';
import type { NodeInfo } from './node-info.ts';
import { regionLabel, zoneLabel } from './node-order.ts';
import type { PlacedNode } from './objects.ts';
import type { PodInfo } from './pod-info.ts';
import { refusal, type Verdict } from './verdict.ts';
import type { ClusterView } from './view.ts';
import {
  type Claim,
  isBound,
  type PersistentVolume,
  type StorageClass,
  selectedNode,
} from './volume-objects.ts';

const noVolume = refusal('VolumeBinding', "node(s) didn't find available persistent volumes to bind", true);
const elsewhere = refusal('VolumeBinding', "node(s) didn't match PersistentVolume's node affinity", true);
const lost = refusal(
  'VolumeBinding',
  'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)',
  true,
);
const unbound = refusal('VolumeBinding', 'pod has unbound immediate PersistentVolumeClaims', true);
const wrongZone = refusal('VolumeZone', 'node(s) had no available volume zone', true);
const tooMany = refusal('NodeVolumeLimits', 'node(s) exceed max volume count');
const inUse = refusal(
  'VolumeRestrictions',
  'node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode',
);
/** Of a class whose volumes somebody makes by hand. */
const noProvisioner = 'kubernetes.io/no-provisioner';

/** What has to be written before a pod can be bound to a node. */
export interface VolumeStep {
  readonly claim: Claim;
  /** A volume that is there, to be the claim's; undefined: one is to be made for the node. */
  readonly volume: PersistentVolume | undefined;
}

export interface VolumeJudge {
  /** What is wrong wherever the pod goes. */
  readonly whole: Verdict | undefined;
  judge(node: NodeInfo): Verdict | undefined;
  /** What has to be done for the node; nothing: all claims are bound. */
  steps(node: NodeInfo): readonly VolumeStep[];
}

/** Undefined: the pod has no claims. */
export function volumeJudge(view: ClusterView, reader: Reader, info: PodInfo): VolumeJudge | undefined {
  if (info.claims.length === 0) return undefined;
  const cluster = new ClusterVolumes(reader, info.key);
  const found = info.claims.map((name) => cluster.claim(info, name));
  const wrong = found.find(isVerdict);
  if (wrong !== undefined) return { whole: wrong, judge: () => wrong, steps: () => [] };
  const all = found.filter((it): it is Claim => !isVerdict(it));
  const bound = all.filter(isBound);
  const open = all.filter((claim) => !isBound(claim));
  const held = all.some((claim) => isExclusive(claim) && view.isClaimUsed(info, claim.metadata.name));
  return {
    whole: undefined,
    judge: (node) =>
      (held ? inUse : undefined) ??
      cluster.judgeLimits(node, all) ??
      cluster.judgeBound(node, bound) ??
      (cluster.stepsFor(node, open) === undefined ? noVolume : undefined) ??
      cluster.judgeZones(node, bound),
    steps: (node) => cluster.stepsFor(node, open) ?? [],
  };
}

const isVerdict = (found: Claim | Verdict): found is Verdict => 'plugin' in found;

const isExclusive = ({ spec }: Claim): boolean => spec.accessModes?.includes('ReadWriteOncePod') === true;

/** The volumes of one cluster, as they stand. */
class ClusterVolumes {
  readonly #reader: Reader;
  readonly #key: RecordKey;

  /** @param key Of a pod of the cluster. */
  constructor(reader: Reader, key: RecordKey) {
    this.#reader = reader;
    this.#key = key;
  }

  /** @returns the claim, or why the pod can't have it. */
  claim({ pod }: PodInfo, name: string): Claim | Verdict {
    const claim = this.#reader.get(claims, siblingKey(this.#key, claims, name));
    if (claim === undefined) {
      const isOwn = pod.spec.volumes?.some(
        (it) => it.ephemeral && `${pod.metadata.name}-${it.name}` === name,
      );
      return refusal(
        'VolumeBinding',
        isOwn
          ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`
          : `persistentvolumeclaim "${name}" not found`,
        true,
      );
    }
    if (claim.metadata.deletionTimestamp !== undefined)
      return refusal('VolumeBinding', `persistentvolumeclaim "${name}" is being deleted`, true);
    if (isBound(claim) || this.#class(claim)?.volumeBindingMode === 'WaitForFirstConsumer') return claim;
    return unbound;
  }

  judgeBound(node: NodeInfo, bound: readonly Claim[]): Verdict | undefined {
    for (const claim of bound) {
      const volume = this.#volumeOf(claim);
      if (volume === undefined) return lost;
      if (!isReachable(volume, node.node)) return elsewhere;
    }
    return undefined;
  }

  /** Volumes that say in which zones they are, in the way from before they had a node affinity. */
  judgeZones({ node }: NodeInfo, bound: readonly Claim[]): Verdict | undefined {
    const labels = node?.metadata.labels ?? {};
    if (labels[zoneLabel] === undefined && labels[regionLabel] === undefined) return undefined;
    for (const claim of bound) {
      const said = this.#volumeOf(claim)?.metadata.labels ?? {};
      for (const key of [zoneLabel, regionLabel])
        if (said[key] !== undefined && !said[key].split('__').includes(labels[key] ?? '')) return wrongZone;
    }
    return undefined;
  }

  /** @returns undefined: not all can have a volume on the node. */
  stepsFor({ name, node }: NodeInfo, open: readonly Claim[]): readonly VolumeStep[] | undefined {
    const steps: VolumeStep[] = [];
    const taken = new Set<string>();
    for (const claim of open) {
      const chosen = claim.metadata.annotations?.[selectedNode];
      if (chosen !== undefined && chosen !== name) return undefined;
      const volume = chosen === undefined ? this.#fitting(claim, node, taken) : undefined;
      if (volume === undefined && !isProvisioned(this.#class(claim), node)) return undefined;
      if (volume !== undefined) taken.add(volume.metadata.name);
      steps.push({ claim, volume });
    }
    return steps;
  }

  /** How many volumes of a driver a node may have, where it says so. */
  judgeLimits(node: NodeInfo, wanted: readonly Claim[]): Verdict | undefined {
    const csiNode = this.#reader.get(csiNodes, this.#clusterKey(csiNodes, node.name));
    for (const { name, allocatable } of csiNode?.spec?.drivers ?? []) {
      if (allocatable?.count === undefined) continue;
      const there = new Set<string>();
      for (const { key, claims: names } of node.pods.values())
        for (const claimName of names) {
          const claim = this.#reader.get(claims, siblingKey(key, claims, claimName));
          if (claim !== undefined && this.#driverOf(claim) === name) there.add(this.#handleOf(claim));
        }
      const before = there.size;
      for (const claim of wanted) if (this.#driverOf(claim) === name) there.add(this.#handleOf(claim));
      if (there.size > before && there.size > allocatable.count) return tooMany;
    }
    return undefined;
  }

  #driverOf(claim: Claim): string | undefined {
    return this.#volumeOf(claim)?.spec.csi?.driver ?? this.#class(claim)?.provisioner;
  }

  /** One volume that several pods use is one. */
  #handleOf(claim: Claim): string {
    const { namespace, name } = claim.metadata;
    return this.#volumeOf(claim)?.spec.csi?.volumeHandle ?? `${namespace}/${name}`;
  }

  #class({ spec }: Claim): StorageClass | undefined {
    const name = spec.storageClassName ?? '';
    return name === '' ? undefined : this.#reader.get(storageClasses, this.#clusterKey(storageClasses, name));
  }

  #volumeOf({ spec }: Claim): PersistentVolume | undefined {
    const name = spec.volumeName ?? '';
    return name === '' ? undefined : this.#reader.get(volumes, this.#clusterKey(volumes, name));
  }

  /** The smallest volume that is free, or the claim's already, and will do. */
  #fitting(
    claim: Claim,
    node: PlacedNode | undefined,
    taken: ReadonlySet<string>,
  ): PersistentVolume | undefined {
    let best: PersistentVolume | undefined;
    const prefix = this.#clusterKey(volumes, 'any').slice(0, -'any'.length);
    for (const { value: volume } of this.#reader.list(volumes, prefix)) {
      if (taken.has(volume.metadata.name) || !isFor(volume, claim) || !isReachable(volume, node)) continue;
      if (best === undefined || sizeOf(volume) < sizeOf(best)) best = volume;
    }
    return best;
  }

  #clusterKey(collection: { readonly noun: string }, name: string): RecordKey {
    const { accountId, region, id } = parsedKey(this.#key).place;
    return recordKey(
      { service: 'kubernetes', noun: collection.noun, indexes: {} },
      ...([accountId, region, id, encodeURIComponent(name)] as const),
    );
  }
}

const isReachable = ({ spec }: PersistentVolume, node: PlacedNode | undefined): boolean => {
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms;
  if (terms === undefined) return true;
  const { labels = {}, name = '' } = node?.metadata ?? {};
  return terms.some((term) => meets(term, labels, { 'metadata.name': name }));
};

/** Whether one may be made for the node. */
function isProvisioned(of: StorageClass | undefined, node: PlacedNode | undefined): boolean {
  if (of === undefined || of.provisioner === noProvisioner) return false;
  const { allowedTopologies = [] } = of;
  const labels = node?.metadata.labels ?? {};
  return (
    allowedTopologies.length === 0 ||
    allowedTopologies.some(({ matchLabelExpressions = [] }) =>
      matchLabelExpressions.every(({ key, values }) => values.includes(labels[key] ?? '')),
    )
  );
}

function isFor(volume: PersistentVolume, { metadata, spec }: Claim): boolean {
  const { claimRef, accessModes = [], storageClassName = '', volumeMode = 'Filesystem' } = volume.spec;
  if (volume.metadata.deletionTimestamp !== undefined) return false;
  if (claimRef !== undefined) {
    const isOwn = claimRef.namespace === metadata.namespace && claimRef.name === metadata.name;
    return isOwn && (claimRef.uid === undefined || claimRef.uid === metadata.uid);
  }
  return (
    volume.status?.phase === 'Available' &&
    storageClassName === (spec.storageClassName ?? '') &&
    volumeMode === (spec.volumeMode ?? 'Filesystem') &&
    (spec.accessModes ?? []).every((mode) => accessModes.includes(mode)) &&
    (spec.selector === undefined ||
      isEmptySelector(spec.selector) ||
      selects(spec.selector)(volume.metadata.labels)) &&
    sizeOf(volume) >= bytes(spec.resources?.requests?.storage)
  );
}

const bytes = (text = '0'): bigint => parseQuantity(text)?.nanos ?? 0n;

const sizeOf = ({ spec }: PersistentVolume): bigint => bytes(spec.capacity?.storage);
