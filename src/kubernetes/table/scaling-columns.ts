import type { Json } from '../../store/index.ts';
import {
  type JsonObject,
  type KubernetesObject,
  listOf,
  memberOf,
  numberOf,
  textOf,
} from '../objects/object.ts';
import { ageColumn, type Column, count, nameColumn, objects, spec, status, text, texts } from './column.ts';

const unset = '<unset>';
const unknown = '<unknown>';
/** Of ports, addresses and metrics, so many are shown. */
const mostShown = 3;
const mostMetrics = 2;

/** Of a scale, whatever it is of. */
export const scaleColumns: readonly Column[] = [
  nameColumn,
  count('Desired', (object) => numberOf(spec(object), 'replicas')),
  count('Available', (object) => numberOf(status(object), 'replicas')),
  ageColumn,
];

/** By the resource's qualified name. */
export const scalingColumns: Readonly<Record<string, readonly Column[]>> = {
  'horizontalpodautoscalers.autoscaling': [
    nameColumn,
    text('Reference', (object) => {
      const target = memberOf(spec(object), 'scaleTargetRef');
      return `${textOf(target, 'kind')}/${textOf(target, 'name')}`;
    }),
    text('Targets', targetsText),
    text('MinPods', (object) => String(spec(object).minReplicas ?? unset)),
    text('MaxPods', (object) => numberOf(spec(object), 'maxReplicas')),
    text('Replicas', (object) => numberOf(status(object), 'currentReplicas')),
    ageColumn,
  ],
  'poddisruptionbudgets.policy': [
    nameColumn,
    text('Min Available', (object) => limitText(spec(object).minAvailable)),
    text('Max Unavailable', (object) => limitText(spec(object).maxUnavailable)),
    count('Allowed Disruptions', (object) => numberOf(status(object), 'disruptionsAllowed')),
    ageColumn,
  ],
  resourcequotas: [
    nameColumn,
    text('Request', (object) => usedText(object, false)),
    text('Limit', (object) => usedText(object, true)),
    ageColumn,
  ],
  'endpointslices.discovery.k8s.io': [
    nameColumn,
    text('AddressType', (object) => textOf(object, 'addressType')),
    text('Ports', (object) => shortened(objects(object, 'ports').map((it) => String(it.port ?? unset)))),
    text('Endpoints', (object) =>
      shortened(objects(object, 'endpoints').flatMap((it) => texts(it, 'addresses'))),
    ),
    ageColumn,
  ],
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': [nameColumn, webhookCount(), ageColumn],
  'validatingwebhookconfigurations.admissionregistration.k8s.io': [nameColumn, webhookCount(), ageColumn],
};

function webhookCount(): Column {
  return count('Webhooks', (object) => listOf(object, 'webhooks').length);
}

/** `pods: 1/10, requests.cpu: 0/2`: of what is limited, or of all else. */
function usedText(object: KubernetesObject, isLimit: boolean): string {
  const [hard, used] = [memberOf(status(object), 'hard'), memberOf(status(object), 'used')];
  return Object.keys(hard)
    .filter((name) => name.startsWith('limits') === isLimit)
    .toSorted()
    .map((name) => `${name}: ${used[name] ?? 0}/${hard[name]}`)
    .join(', ');
}

const limitText = (value: Json | undefined): string => (value === undefined ? 'N/A' : String(value));

function shortened(values: readonly string[]): string {
  if (values.length === 0) return unset;
  const more = values.length - mostShown;
  return `${values.slice(0, mostShown).join(',')}${more > 0 ? ` + ${more} more...` : ''}`;
}

function targetsText(object: KubernetesObject): string {
  const metrics = objects(spec(object), 'metrics');
  if (metrics.length === 0) return '<none>';
  const current = objects(status(object), 'currentMetrics');
  const shown = metrics
    .slice(0, mostMetrics)
    .map((metric, index) => targetText(metric, current[index] ?? {}));
  const more = metrics.length - mostMetrics;
  return `${shown.join(', ')}${more > 0 ? ` + ${more} more...` : ''}`;
}

/** `cpu: 10%/80%` of what is used, `5/10` of other numbers. */
function targetText(metric: JsonObject, current: JsonObject): string {
  const type = textOf(metric, 'type');
  const field = type.charAt(0).toLowerCase() + type.slice(1);
  const source = memberOf(metric, field);
  const [target, now] = [memberOf(source, 'target'), memberOf(memberOf(current, field), 'current')];
  const name = type.endsWith('Resource') ? `${textOf(source, 'name')}: ` : '';
  if (target.averageUtilization !== undefined)
    return `${name}${now.averageUtilization === undefined ? unknown : `${now.averageUtilization}%`}/${target.averageUtilization}%`;
  const isAverage = target.averageValue !== undefined;
  const value = isAverage ? now.averageValue : now.value;
  const suffix = isAverage && (type === 'External' || type === 'Object') ? ' (avg)' : '';
  return `${name}${value ?? unknown}/${(isAverage ? target.averageValue : target.value) ?? '<auto>'}${suffix}`;
}
