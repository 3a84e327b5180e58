import { ensured, itemsOf, setDefaults } from './kind.ts';

type Members = Record<string, unknown>;

/** What a pod has where nobody said it, in a pod and in every template of one. */
export function podSpecDefaults(spec: Members): void {
  setDefaults(spec, {
    ...{ dnsPolicy: 'ClusterFirst', restartPolicy: 'Always', securityContext: {} },
    ...{ terminationGracePeriodSeconds: 30, schedulerName: 'default-scheduler' },
  });
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'])
    for (const container of itemsOf(spec, list)) containerDefaults(container, spec.hostNetwork === true);
  for (const volume of itemsOf(spec, 'volumes')) volumeDefaults(volume);
}

function containerDefaults(container: Members, isOnHost: boolean): void {
  const { image = '' } = container;
  setDefaults(container, {
    ...{ imagePullPolicy: isLatest(String(image)) ? 'Always' : 'IfNotPresent', resources: {} },
    ...{ terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File' },
  });
  for (const port of itemsOf(container, 'ports')) {
    setDefaults(port, { protocol: 'TCP' });
    if (isOnHost && typeof port.containerPort === 'number')
      setDefaults(port, { hostPort: port.containerPort });
  }
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe'])
    if (container[probe] !== undefined) probeDefaults(ensured(container, probe));
  for (const hook of ['postStart', 'preStop'])
    if (container.lifecycle !== undefined) hookDefaults(ensured(container, 'lifecycle'), hook);
  for (const { valueFrom } of itemsOf(container, 'env')) fieldReferenceDefaults(valueFrom);
  limitsAsRequests(ensured(container, 'resources'));
}

/** Of whoever may have a `fieldRef`: a variable's `valueFrom`, an item of a downwardAPI volume. */
function fieldReferenceDefaults(source: unknown): void {
  const { fieldRef } = (source ?? {}) as { readonly fieldRef?: Members };
  if (fieldRef !== undefined) setDefaults(fieldRef, { apiVersion: 'v1' });
}

/** Without a tag, or with that one. */
const isLatest = (image: string): boolean =>
  !image.includes('@') && (!/:[^/]+$/.test(image) || image.endsWith(':latest'));

function probeDefaults(probe: Members): void {
  setDefaults(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 });
  httpGetDefaults(probe);
  if (probe.grpc !== undefined) setDefaults(ensured(probe, 'grpc'), { service: '' });
}

function hookDefaults(lifecycle: Members, hook: string): void {
  if (lifecycle[hook] !== undefined) httpGetDefaults(ensured(lifecycle, hook));
}

function httpGetDefaults(handler: Members): void {
  if (handler.httpGet !== undefined) setDefaults(ensured(handler, 'httpGet'), { path: '/', scheme: 'HTTP' });
}

function limitsAsRequests(resources: Members): void {
  if (resources.limits === undefined) return;
  const requests = ensured(resources, 'requests');
  for (const [name, quantity] of Object.entries(ensured(resources, 'limits'))) requests[name] ??= quantity;
}

function volumeDefaults(volume: Members): void {
  if (Object.keys(volume).every((member) => member === 'name')) volume.emptyDir = {};
  for (const source of ['configMap', 'downwardAPI', 'projected', 'secret'])
    if (volume[source] !== undefined) setDefaults(ensured(volume, source), { defaultMode: 0o644 });
  if (volume.hostPath !== undefined) setDefaults(ensured(volume, 'hostPath'), { type: '' });
  if (volume.image !== undefined) {
    const image = ensured(volume, 'image');
    setDefaults(image, { pullPolicy: isLatest(String(image.reference ?? '')) ? 'Always' : 'IfNotPresent' });
  }
  if (volume.downwardAPI !== undefined) downwardDefaults(volume);
  if (volume.projected === undefined) return;
  for (const source of itemsOf(ensured(volume, 'projected'), 'sources')) {
    if (source.serviceAccountToken !== undefined)
      setDefaults(ensured(source, 'serviceAccountToken'), { expirationSeconds: 3_600 });
    if (source.downwardAPI !== undefined) downwardDefaults(source);
  }
}

const downwardDefaults = (source: Members): void =>
  itemsOf(ensured(source, 'downwardAPI'), 'items').forEach(fieldReferenceDefaults);
