import { type FieldError, invalidValue } from '../../status.ts';
import type { Level } from './checks.ts';

export const labelPrefix = 'pod-security.kubernetes.io/';

/** A level of a version of the standards. */
export interface Standard {
  readonly level: Level;
  /** Undefined: the latest. */
  readonly minor?: number;
}

export type Mode = 'audit' | 'enforce' | 'warn';

/** What the labels of a namespace want of its pods, and what is wrong with the labels. */
export interface Policy extends Readonly<Record<Mode, Standard>> {
  readonly errors: readonly FieldError[];
}

const levels: readonly string[] = ['privileged', 'baseline', 'restricted'];
const isLevel = (text: string): text is Level => levels.includes(text);

/** `restricted:latest`, `baseline:v1.30` */
export const standardText = ({ level, minor }: Standard): string =>
  `${level}:${minor === undefined ? 'latest' : `v1.${minor}`}`;

/** Whether one level allows less than another. */
export const isStricter = (one: Level, other: Level): boolean => levels.indexOf(one) > levels.indexOf(other);

/** What is no level counts as the strictest where pods are refused, and as none where they are only told of. */
export function policyOf(labels: Readonly<Record<string, string>> = {}): Policy {
  const errors: FieldError[] = [];
  const wrong = (key: string, value: string, detail: string) =>
    errors.push(invalidValue(`metadata.labels[${key}]`, value, detail));
  const standardOf = (mode: Mode): Standard => {
    const [key, versionKey] = [labelPrefix + mode, `${labelPrefix}${mode}-version`];
    const { [key]: level = 'privileged', [versionKey]: version = 'latest' } = labels;
    if (!isLevel(level)) wrong(key, level, `must be one of ${levels.join(', ')}`);
    const minor = /^v1\.(0|[1-9]\d{0,8})$/.exec(version)?.[1];
    if (minor === undefined && version !== 'latest') wrong(versionKey, version, 'must be "latest" or "v1.x"');
    return {
      level: isLevel(level) ? level : mode === 'enforce' ? 'restricted' : 'privileged',
      ...(minor !== undefined && { minor: Number(minor) }),
    };
  };
  // In the order in which what is wrong is told.
  const [enforce, audit, warn] = [standardOf('enforce'), standardOf('audit'), standardOf('warn')];
  return { ...{ enforce, audit, warn }, errors };
}
