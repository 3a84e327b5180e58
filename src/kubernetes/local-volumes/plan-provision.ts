import type { Node } from '../controllers/node-fit.ts';
import {
  annotationOf,
  type Claim,
  isAllowedFor,
  type StorageClass,
  selectedNode,
} from '../controllers/volumes/objects.ts';
import { machineLabel } from './names.ts';
import type { LocalVolumeRecord, LocalVolumeReport } from './records.ts';
import { bytesOf } from './sizes.ts';

/** What is done about a claim that has no volume. */
export type ProvisionPlan =
  | { readonly type: 'wait' }
  /** For good. */
  | { readonly type: 'refuse'; readonly message: string }
  /** Where it was asked for it can't be: the scheduler looks again. */
  | { readonly type: 'give-up'; readonly message: string }
  | { readonly type: 'ask'; readonly machineId: string; readonly sizeBytes: number }
  | { readonly type: 'create'; readonly machineId: string; readonly sizeBytes: number };

export interface ProvisionView {
  readonly storageClass: StorageClass;
  readonly nodes: readonly Node[];
  readonly asked: LocalVolumeRecord | undefined;
  readonly report: LocalVolumeReport | undefined;
}

const accessModes = new Set(['ReadWriteOnce', 'ReadWriteOncePod', 'ReadWriteMany', 'ReadOnlyMany']);
const fileSystemParameters = new Set(['csi.storage.k8s.io/fstype', 'fsType']);

/** Decides by what is wanted, what was asked of which machine, and what that says. */
export function planProvision(claim: Claim, view: ProvisionView): ProvisionPlan {
  const why = unsupported(claim, view.storageClass);
  if (why !== undefined) return { type: 'refuse', message: why };
  const { asked, report } = view;
  if (asked === undefined) {
    const node = nodeFor(claim, view);
    const machineId = node?.metadata.labels?.[machineLabel];
    if (machineId !== undefined)
      return { type: 'ask', machineId, sizeBytes: bytesOf(claim.spec.resources?.requests) };
    return node === undefined
      ? { type: 'wait' }
      : {
          type: 'give-up',
          message: rpc('Unavailable', `node ${node.metadata.name} has no label ${machineLabel}`),
        };
  }
  if (report?.askedAt !== asked.askedAt) return { type: 'wait' };
  if (report.refusal !== undefined)
    return { type: 'give-up', message: rpc(report.refusal.code, report.refusal.message) };
  return { type: 'create', machineId: asked.machineId, sizeBytes: report.sizeBytes };
}

/** The one that the scheduler chose; of a class that does not wait for that, the first that will do. */
function nodeFor(claim: Claim, { storageClass, nodes }: ProvisionView): Node | undefined {
  const chosen = annotationOf(claim, selectedNode);
  if (chosen !== undefined) return nodes.find(({ metadata }) => metadata.name === chosen);
  if (storageClass.volumeBindingMode === 'WaitForFirstConsumer') return undefined;
  return nodes
    .filter(({ metadata: { labels = {} } }) => machineLabel in labels && isAllowedFor(storageClass, labels))
    .toSorted((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1))[0];
}

/** Why no machine makes what a claim asks for; undefined: they do. */
function unsupported({ spec }: Claim, { parameters = {} }: StorageClass): string | undefined {
  const source = spec.dataSourceRef ?? spec.dataSource;
  if (source !== undefined) {
    if (source.kind === 'VolumeSnapshot') return 'CSI driver does not support snapshot restore';
    if (source.kind === 'PersistentVolumeClaim') return 'CSI driver does not support clone operations';
    return `unsupported DataSource kind ${source.kind}`;
  }
  if ((spec.volumeMode ?? 'Filesystem') !== 'Filesystem')
    return rpc('InvalidArgument', `volumeMode ${spec.volumeMode} is not supported, only Filesystem`);
  const mode = spec.accessModes?.find((it) => !accessModes.has(it));
  if (mode !== undefined) return rpc('InvalidArgument', `access mode ${mode} is not supported`);
  for (const [key, value] of Object.entries(parameters)) {
    if (!fileSystemParameters.has(key))
      return rpc('InvalidArgument', `Invalid parameter key ${key} for CreateVolume`);
    if (value !== 'ext4') return rpc('InvalidArgument', `file system ${value} is not supported, only ext4`);
  }
  return undefined;
}

/** As a CSI driver's answers are told. */
export const rpc = (code: string, message: string): string => `rpc error: code = ${code} desc = ${message}`;
