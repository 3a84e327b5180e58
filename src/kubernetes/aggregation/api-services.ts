import {
  isJsonObject,
  type KubernetesObject,
  memberOf,
  numberOf,
  objectsIn,
  textOf,
} from '../objects/object.ts';
import { resourceNamed } from '../schema/catalogue.ts';
import type { ServiceReference } from '../webhooks/service-address.ts';

export const apiServices = resourceNamed('apiregistration.k8s.io', 'apiservices');

/** An API that another server answers, as its APIService says. */
export interface RemoteApi {
  /** `<version>.<group>` */
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly service: ServiceReference;
  /** PEM; `''`: the well-known authorities. */
  readonly caBundle: string;
  readonly insecureSkipTLSVerify: boolean;
  readonly groupPriority: number;
  readonly versionPriority: number;
  /** Its condition `Available`. */
  readonly isAvailable: boolean;
}

/** Undefined: the cluster's own API server answers it. */
export function remoteApiOf(apiService: KubernetesObject): RemoteApi | undefined {
  const spec = memberOf(apiService, 'spec');
  if (!isJsonObject(spec.service)) return undefined;
  const { service } = spec;
  return {
    ...{ name: apiService.metadata.name, group: textOf(spec, 'group'), version: textOf(spec, 'version') },
    service: {
      ...{ namespace: textOf(service, 'namespace'), name: textOf(service, 'name') },
      port: numberOf(service, 'port') || 443,
    },
    caBundle: Buffer.from(textOf(spec, 'caBundle'), 'base64').toString(),
    insecureSkipTLSVerify: spec.insecureSkipTLSVerify === true,
    groupPriority: numberOf(spec, 'groupPriorityMinimum'),
    versionPriority: numberOf(spec, 'versionPriority'),
    isAvailable: objectsIn(memberOf(apiService, 'status'), 'conditions').some(
      (it) => it.type === 'Available' && it.status === 'True',
    ),
  };
}

export const pathOfApi = ({ group, version }: Pick<RemoteApi, 'group' | 'version'>): string =>
  `/apis/${group}/${version}`;
