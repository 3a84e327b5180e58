import type { AddonPodIdentityAssociations } from '@aws-sdk/client-eks';
import type { Transaction } from '../../../reconcile/index.ts';
import { addonArn, type Scope } from '../arn.ts';
import type { EksContext } from '../context.ts';
import { assertTrusts, associate, newAssociationId } from '../pod-identity/association.ts';
import { ownedAssociations, podIdentities, podIdentityKey } from '../pod-identity/record.ts';
import { addonNamespace } from './catalogue.ts';
import type { AddonRecord } from './record.ts';

/**
 * Brings the associations that come with an add-on to those that are asked for.
 * @throws InvalidParameterException, ResourceInUseException, ResourceLimitExceededException
 */
export function ownIdentities(
  context: EksContext,
  tx: Transaction,
  scope: Scope,
  addon: Pick<AddonRecord, 'clusterName' | 'id' | 'name'>,
  asked: readonly AddonPodIdentityAssociations[],
): void {
  const { clusterName } = addon;
  const ownerArn = addonArn(scope, addon);
  const owned = ownedAssociations(tx, scope, clusterName, ownerArn);
  for (const { namespace, serviceAccount } of owned) {
    if (asked.some((it) => it.serviceAccount === serviceAccount)) continue;
    tx.delete(podIdentities, podIdentityKey(scope, clusterName, namespace, serviceAccount));
  }
  const now = context.clock.now();
  for (const { serviceAccount = '', roleArn = '' } of asked) {
    const present = owned.find((it) => it.serviceAccount === serviceAccount);
    if (present === undefined) {
      associate(context, tx, scope, {
        ...{ id: newAssociationId(context.random), clusterName, namespace: addonNamespace, serviceAccount },
        ...{ roleArn, ownerArn, disableSessionTags: false, createdAt: now, modifiedAt: now, tags: {} },
      });
    } else if (present.roleArn !== roleArn) {
      const changed = { ...present, roleArn, modifiedAt: now };
      assertTrusts(context, scope, changed);
      tx.put(podIdentities, podIdentityKey(scope, clusterName, addonNamespace, serviceAccount), changed);
    }
  }
}
