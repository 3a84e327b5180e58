import { cpu, memoryMiB, port, script } from './application.ts';
import { demoService } from './customer.ts';
import type { Manifest } from './kubernetes-api.ts';

const labels = { app: demoService };
const core = '/api/v1/namespaces/default';
export const serviceAccount = demoService;
export const podsPath = `${core}/pods?labelSelector=app%3D${demoService}`;
export const deploymentPath = `/apis/apps/v1/namespaces/default/deployments/${demoService}`;
export const ingressPath = `/apis/networking.k8s.io/v1/namespaces/default/ingresses/${demoService}`;
/** By which a pod tells its revision. */
export const revisionLabel = 'revision';

/** A pod that is told to end goes on answering until the load balancer has heard of it; so long. */
const goneSeconds = 5;
/** And a new one counts only when the load balancer has heard of it. */
const heardSeconds = 3;

/** A load balancer of the cluster's own, and a name for what is behind it. */
export const entrance: readonly Manifest[] = [
  {
    path: `${core}/serviceaccounts`,
    object: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: serviceAccount } },
  },
  {
    path: `${core}/services`,
    object: {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: demoService } },
      spec: { selector: labels, ports: [{ port: 80, targetPort: port }] },
    },
  },
  {
    path: '/apis/networking.k8s.io/v1/namespaces/default/ingresses',
    object: {
      ...{ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' },
      metadata: {
        name: demoService,
        annotations: {
          'alb.ingress.kubernetes.io/scheme': 'internet-facing',
          'alb.ingress.kubernetes.io/target-type': 'ip',
          'alb.ingress.kubernetes.io/healthcheck-interval-seconds': '5',
          'alb.ingress.kubernetes.io/healthcheck-timeout-seconds': '2',
          'alb.ingress.kubernetes.io/target-group-attributes': `deregistration_delay.timeout_seconds=${goneSeconds}`,
        },
      },
      spec: {
        ingressClassName: 'alb',
        defaultBackend: { service: { name: demoService, port: { number: 80 } } },
      },
    },
  },
];

/** The application: as many new pods as old ones at first, as an ECS service does it. */
export function deployment(image: string, revision: number, replicas: number): Manifest {
  const memory = `${memoryMiB}Mi`;
  return {
    path: '/apis/apps/v1/namespaces/default/deployments',
    object: {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: demoService } },
      spec: {
        ...{ replicas, selector: { matchLabels: labels }, minReadySeconds: heardSeconds },
        strategy: { rollingUpdate: { maxSurge: '100%', maxUnavailable: 0 } },
        template: {
          metadata: { labels: { ...labels, [revisionLabel]: String(revision) } },
          spec: {
            ...{ serviceAccountName: serviceAccount, automountServiceAccountToken: false },
            terminationGracePeriodSeconds: goneSeconds * 2,
            containers: [
              {
                ...{ name: 'web', image, imagePullPolicy: 'IfNotPresent', command: ['sh', '-c', script] },
                env: [{ name: 'REVISION', value: String(revision) }],
                ports: [{ containerPort: port }],
                resources: { requests: { cpu: `${cpu}m`, memory }, limits: { memory } },
                readinessProbe: { httpGet: { path: '/', port }, periodSeconds: 1 },
                lifecycle: { preStop: { exec: { command: ['sleep', String(goneSeconds)] } } },
              },
            ],
          },
        },
      },
    },
  };
}
