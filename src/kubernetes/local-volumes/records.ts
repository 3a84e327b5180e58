import type { Collection, RecordKey } from '../../reconcile/index.ts';
import { clusterKey } from '../controllers/collections.ts';

/** A volume that a machine is to have, of a size at least. That its record is gone says that it is to go, with its data. */
export interface LocalVolumeRecord {
  readonly machineId: string;
  readonly sizeBytes: number;
  /** When it was asked for so, milliseconds since the epoch: which answer is the answer. */
  readonly askedAt: number;
  /** For which claim it was made. */
  readonly claim: { readonly namespace: string; readonly name: string; readonly uid: string };
  /** Its PersistentVolume was there: from then on that decides what becomes of it. */
  readonly hasVolume?: true;
}

/** What its machine says of a volume; that it says nothing: it has nothing of it. */
export interface LocalVolumeReport {
  readonly machineId: string;
  /** The `askedAt` that this answers. */
  readonly askedAt: number;
  /** What it has by now; 0: nothing. */
  readonly sizeBytes: number;
  /** Why it has not what was asked for, with a code of gRPC. */
  readonly refusal?: { readonly code: string; readonly message: string };
}

/** `local-volume/<cluster's id>/<name>`: written by the cluster's control plane. */
export const localVolumes: Collection<LocalVolumeRecord, 'volume'> = {
  ...{ service: 'kubernetes', noun: 'local-volume', indexes: { volume: (_, key) => localVolumeId(key) } },
};

/** `<cluster's id>/<name>`, by which either record is found. */
export const localVolumeId = (key: string): string => key.split('/').slice(5).join('/');

/** What it is called on its machine. @param key Of either record. */
export const localVolumeName = (key: string): string => key.slice(key.lastIndexOf('/') + 1);

/** `local-volume-report/<cluster's id>/<name>`: written by the machine. */
export const localVolumeReports: Collection<LocalVolumeReport, 'volume'> = {
  ...{
    service: 'kubernetes',
    noun: 'local-volume-report',
    indexes: { volume: (_, key) => localVolumeId(key) },
  },
};

/** @param key Of any record of the same cluster. */
export const localVolumeKey = (key: string, name: string): RecordKey => clusterKey(key, localVolumes, name);

export const localVolumeReportKey = (key: string, name: string): RecordKey =>
  clusterKey(key, localVolumeReports, name);
