import type { EksServer, TestCluster } from './eks-server.ts';

export const definitionsPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** A definition of CronTabs of a group, which may have anything; `spec` bends it. */
export const definition = (group: string, spec: object = {}) => {
  const names = { plural: 'crontabs', singular: 'crontab', kind: 'CronTab', shortNames: ['ct'] };
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const whole = {
    ...{ group, names, scope: 'Namespaced' },
    versions: [{ name: 'v1', served: true, storage: true, schema }],
    ...spec,
  };
  return { metadata: { name: `${whole.names.plural}.${group}` }, spec: whole };
};

export const crontabs = (group: string, version = 'v1', namespace = 'default'): string =>
  `/apis/${group}/${version}/namespaces/${namespace}/crontabs`;

/** Makes a definition and waits until it is established. @returns it. */
export async function define(
  { reconcilers }: EksServer,
  cluster: TestCluster,
  wanted: { readonly metadata: { readonly name: string } },
) {
  const { status, text } = await cluster.call('POST', definitionsPath, wanted);
  if (status !== 201) throw new Error(`${wanted.metadata.name} was refused: ${text}`);
  await reconcilers.idle();
  return (await cluster.call('GET', `${definitionsPath}/${wanted.metadata.name}`)).json;
}
