import { readFileSync } from 'node:fs';
import { entityArn } from '../../arn.ts';
import type { PolicyRecord, PolicyVersion } from '../../records.ts';
import { catalogue } from './catalogue.ts';

/**
 * AWS's own managed policies, which every account may attach and nobody may change. Each has its default version alone:
 * what AWS kept of earlier ones is not known here.
 */
let byArn: ReadonlyMap<string, PolicyRecord> | undefined;

/** Undefined: AWS's policy of this name is not known here. */
export function awsManagedPolicy(arn: string): PolicyRecord | undefined {
  return policies().get(arn);
}

export function awsManagedPolicies(): Iterable<PolicyRecord> {
  return policies().values();
}

function policies(): ReadonlyMap<string, PolicyRecord> {
  byArn ??= new Map(
    catalogue
      .trim()
      .split('\n')
      .map(readRow)
      .map((policy) => [entityArn('aws', 'policy', policy.path, policy.policyName), policy]),
  );
  return byArn;
}

function readRow(row: string): PolicyRecord {
  const [policyName = '', path = '', id = '', versionId = '', created = '', updated = ''] = row.split(' ');
  return {
    ...{ policyName, path, id, createdAt: Date.parse(created), updatedAt: Date.parse(updated) },
    ...{ tags: {}, attachmentCount: 0, boundaryCount: 0 },
    defaultVersionId: versionId,
    nextVersion: Number(versionId.slice(1)) + 1,
    versions: [new AwsVersion(versionId, policyName, Date.parse(updated))],
  };
}

/** Its document is read when first asked for, and then kept: some are large, most are never looked at. */
class AwsVersion implements PolicyVersion {
  readonly id: string;
  readonly createdAt: number;
  readonly #policyName: string;
  #document: string | undefined;

  constructor(id: string, policyName: string, createdAt: number) {
    this.id = id;
    this.createdAt = createdAt;
    this.#policyName = policyName;
  }

  get document(): string {
    this.#document ??= readFileSync(new URL(`documents/${this.#policyName}.json`, import.meta.url), 'utf8');
    return this.#document;
  }
}
