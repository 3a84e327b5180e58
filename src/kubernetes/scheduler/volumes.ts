import type { Reader, RecordKey } from '../../reconcile/index.ts';
import {
  claims,
  clusterKey,
  clusterWide,
  siblingKey,
  storageClasses,
  volumes,
} from '../controllers/collections.ts';
import { meets } from '../controllers/node-fit.ts';
import { matchingVolume } from '../controllers/volumes/match.ts';
import {
  annotationOf,
  type Claim,
  classOf,
  isAllowedFor,
  type StorageClass,
  selectedNode,
  type Volume,
} from '../controllers/volumes/objects.ts';
import { csiNodes } from './collections.ts';
import type { NodeInfo } from './node-info.ts';
import { regionLabel, zoneLabel } from './node-order.ts';
import type { PlacedNode } from './objects.ts';
import type { PodInfo } from './pod-info.ts';
import { refusal, type Verdict } from './verdict.ts';
import type { ClusterView } from './view.ts';
import { isBound } from './volume-objects.ts';

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
  readonly volume: Volume | undefined;
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
      const chosen = annotationOf(claim, selectedNode);
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
    const csiNode = this.#reader.get(csiNodes, clusterKey(this.#key, csiNodes, node.name));
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

  #class(claim: Claim): StorageClass | undefined {
    const name = classOf(claim);
    return name === ''
      ? undefined
      : this.#reader.get(storageClasses, clusterKey(this.#key, storageClasses, name));
  }

  #volumeOf({ spec }: Claim): Volume | undefined {
    const name = spec.volumeName ?? '';
    return name === '' ? undefined : this.#reader.get(volumes, clusterKey(this.#key, volumes, name));
  }

  /** What the claim would get of the volumes that the node reaches. */
  #fitting(claim: Claim, node: PlacedNode | undefined, taken: ReadonlySet<string>): Volume | undefined {
    const own = siblingKey(this.#key, claims, claim.metadata.name);
    const free = `${clusterWide(this.#key, volumes)}${classOf(claim)}`;
    const usable = [
      ...this.#reader.byIndex(volumes, 'claim', own),
      ...this.#reader.byIndex(volumes, 'free', free),
    ].map(({ value }) => value);
    return matchingVolume(
      claim,
      usable.filter((volume) => !taken.has(volume.metadata.name) && isReachable(volume, node)),
      false,
    );
  }
}

const isReachable = ({ spec }: Volume, node: PlacedNode | undefined): boolean => {
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms;
  if (terms === undefined) return true;
  const { labels = {}, name = '' } = node?.metadata ?? {};
  return terms.some((term) => meets(term, labels, { 'metadata.name': name }));
};

/** Whether one may be made for the node. */
const isProvisioned = (of: StorageClass | undefined, node: PlacedNode | undefined): boolean =>
  of !== undefined && of.provisioner !== noProvisioner && isAllowedFor(of, node?.metadata.labels ?? {});
