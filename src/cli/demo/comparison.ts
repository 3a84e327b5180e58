import { duration, table } from '../terminal.ts';
import { type MonthlyCost, monthlyCost } from './cost.ts';
import { type Hull, type HullFacts, hulls } from './hull-facts.ts';
import { allowedAction, deniedActions } from './identity.ts';
import { fargateSize, nodeType, prices } from './prices.ts';
import { desiredCount } from './story.ts';

type Row = readonly [
  label: string | ((present: readonly Hull[]) => string),
  cell: (facts: Partial<HullFacts>, hull: Hull) => string | undefined,
];

const dollars = (amount: number): string => `$${amount.toFixed(2)}`;
const time = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : duration(ms));
const cost =
  (part: keyof MonthlyCost, isEstimated: (hull: Hull) => boolean = () => false): Row[1] =>
  ({ addresses }, hull) =>
    addresses && `${isEstimated(hull) ? '~ ' : ''}${dollars(monthlyCost(hull, addresses)[part])}`;
const always = (): boolean => true;

const rows: readonly Row[] = [
  ['cluster and room for the application', ({ capacityMs }) => time(capacityMs)],
  ['application asked for, first answer', ({ firstAnswerMs }) => time(firstAnswerMs)],
  ['one more task or pod', ({ oneMoreMs }) => time(oneMoreMs)],
  ['answered while it was updated', ({ requests }) => requests && String(requests.answered)],
  ['failed', ({ requests }) => requests && String(requests.failed)],
  ['memory that one container uses', ({ memory }) => mebibytes(memory?.usedBytes)],
  ['memory reserved for all', ({ memory }) => memory && `${memory.reservedMiB} MiB`],
  ['memory that their host keeps back', ({ memory }) => memory && `${memory.keptBackMiB} MiB`],
  ['addresses of the load balancer', ({ addresses }) => addresses && String(addresses.balancer)],
  ['addresses of the application', ({ addresses }) => addresses && String(addresses.application)],
  [
    'role whose credentials it finds',
    ({ identity }) => identity && (identity.isFound ? identity.role : 'none'),
  ],
  [`  ${allowedAction}`, ({ identity }) => identity?.decisions[allowedAction]],
  [
    (present) => `  ${present.map((hull) => deniedActions[hull]).join(', ')}`,
    ({ identity }, hull) => identity?.decisions[deniedActions[hull]],
  ],
  ['AWS a month: control plane', cost('controlPlane')],
  [`  a ${nodeType}`, cost('instance', (hull) => hull === 'ecs')],
  ['  load balancer', cost('loadBalancer', always)],
  ['  public addresses', cost('publicAddresses')],
  ['  together', cost('total', always)],
  [`  together, on Fargate instead`, cost('totalOnFargate', always)],
];

/**
 * What was measured of the hulls that took part, beside each other, within 80 columns; empty when nothing was.
 */
export function comparison(facts: Partial<Record<Hull, Partial<HullFacts>>>): string {
  const present = hulls.flatMap((hull) => {
    const known = facts[hull];
    return known === undefined || Object.keys(known).length === 0 ? [] : [{ hull, known }];
  });
  const cells = rows.flatMap(([label, cell]) => {
    const texts = present.map(({ hull, known }) => cell(known, hull));
    return texts.every((text) => text === undefined)
      ? []
      : [
          [
            typeof label === 'string' ? label : label(present.map(({ hull }) => hull)),
            ...texts.map((text) => text ?? '-'),
          ],
        ];
  });
  if (cells.length === 0) return '';
  const all = [['', ...present.map(({ hull }) => hull.toUpperCase())], ...cells];
  const width = Math.max(...all.flatMap(([, ...texts]) => texts.map((text) => text.length)));
  const aligned = all.map(([label = '', ...texts]) => [label, ...texts.map((text) => text.padStart(width))]);
  return `${table(aligned)}${notes(present.some(({ known }) => known.addresses !== undefined))}`;
}

function notes(hasCosts: boolean): string {
  if (!hasCosts) return '';
  return [
    `Prices of ${prices.region}, ${prices.asOf}, on demand: see src/cli/demo/prices.ts.`,
    '~ is estimated: one load balancer capacity unit all the time; for ECS, whose',
    'instance here is a slice of this machine, the same type as for EKS.',
    `On Fargate: ${desiredCount} of ${fargateSize.vcpu} vCPU and ${fargateSize.gb} GB. Left out: disks, data transfer, logs.`,
    '',
  ].join('\n');
}

const mebibytes = (bytes: number | undefined): string | undefined =>
  bytes === undefined ? undefined : `${(bytes / 1_048_576).toFixed(1)} MiB`;
