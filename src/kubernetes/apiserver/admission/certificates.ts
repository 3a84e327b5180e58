import type { User } from '../../authentication/user.ts';
import type { Authorizer } from '../../authorization/rbac.ts';
import { hasCondition } from '../../kinds/certificate-signing-request.ts';
import { memberOf, textOf } from '../../objects/object.ts';
import { resourceNamed } from '../../schema/catalogue.ts';
import { forbidden, invalid, invalidValue } from '../status.ts';
import type { Attributes, Plugin, Proposed } from './attributes.ts';

const group = 'certificates.k8s.io';
const requests = resourceNamed(group, 'certificatesigningrequests');
const apiServerClient = 'kubernetes.io/kube-apiserver-client';

/** Who may ask for which certificates, approve and sign them. */
export const certificatePlugins = ({
  authorizer,
}: {
  readonly authorizer: Authorizer;
}): readonly Plugin[] => [approval(authorizer), signing(authorizer), subjectRestriction];

const isOn = (
  { resource, operation, subresource }: Attributes,
  wanted: Attributes['operation'],
  at?: string,
): boolean => resource === requests && operation === wanted && subresource === at;

const signerOf = (object: object | undefined): string => textOf(memberOf(object, 'spec'), 'signerName');

/** Of one signer, or of all of a domain. */
function maySign(authorizer: Authorizer, user: User, verb: string, signerName: string): boolean {
  const domain = signerName.slice(0, signerName.indexOf('/'));
  return [signerName, `${domain}/*`].some((name) =>
    authorizer.allows(user, {
      ...{ isResource: true, verb, group, resource: 'signers', subresource: '', namespace: '', name },
    }),
  );
}

const approval = (authorizer: Authorizer): Plugin => ({
  name: 'CertificateApproval',
  handles: (attributes) => isOn(attributes, 'UPDATE', 'approval'),
  validate: ({ before, name, by }) => {
    const signerName = signerOf(before);
    if (maySign(authorizer, by.user, 'approve', signerName)) return undefined;
    throw forbidden(
      requests,
      name,
      `user not permitted to approve requests with signerName ${JSON.stringify(signerName)}`,
    );
  },
});

const signing = (authorizer: Authorizer): Plugin => ({
  name: 'CertificateSigning',
  handles: (attributes) => isOn(attributes, 'UPDATE', 'status'),
  validate: ({ before, object, name, by }) => {
    const certificateOf = (of: object | undefined): string => textOf(memberOf(of, 'status'), 'certificate');
    const isSame =
      certificateOf(before) === certificateOf(object) &&
      hasCondition(before ?? {}, 'Failed') === hasCondition(object ?? {}, 'Failed');
    const signerName = signerOf(before);
    if (isSame || maySign(authorizer, by.user, 'sign', signerName)) return undefined;
    throw forbidden(
      requests,
      name,
      `user not permitted to sign requests with signerName ${JSON.stringify(signerName)}`,
    );
  },
});

/** Nobody becomes a master by a certificate. Who asks is written by the server, for the approver to see. */
const subjectRestriction: Plugin = {
  name: 'CertificateSubjectRestriction',
  handles: (attributes) => isOn(attributes, 'CREATE'),
  mutate: ({ draft, by }) => {
    if (draft === undefined) return undefined;
    const { username, uid, groups, extra } = by.user;
    const { username: _, uid: _uid, groups: _groups, extra: _extra, ...asked } = memberOf(draft, 'spec');
    draft.spec = {
      ...{ ...asked, username, groups },
      ...(uid !== undefined && { uid }),
      ...(extra && { extra }),
    };
    return undefined;
  },
  validate: async ({ object, name }: Proposed) => {
    const { readSigningRequest } = await import('../../../certificates/index.ts');
    const spec = memberOf(object, 'spec');
    const text = Buffer.from(textOf(spec, 'request'), 'base64').toString('latin1');
    try {
      const { organizations } = readSigningRequest(text);
      if (signerOf(object) !== apiServerClient || !organizations.includes('system:masters')) return undefined;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw invalid(requests, name, [invalidValue('spec.request', textOf(spec, 'request'), why)]);
    }
    throw forbidden(
      requests,
      name,
      `use of ${apiServerClient} signer with system:masters group is not allowed`,
    );
  },
};
