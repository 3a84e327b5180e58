import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Call, type ConditionKeys, rootPrincipal, type SupportedOperation } from '../service.ts';
import { iamOperations } from './operations.ts';
import { accountId, type IamServer, startIamServer } from './testing/iam-server.ts';
import { actionsOn, listedKeys, type ResourceType } from './testing/listed-actions.ts';
import { policyOf, userWith } from './testing/users.ts';

const arn = (name: string) => `arn:aws:iam::${accountId}:${name}`;
const Tags = [{ Key: 'team', Value: 'sea' }];
const Path = '/sea/';
const PolicyArn = arn('policy/sea/fence');
const linkedRole = 'aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS';

/** Whatever operation it is asked with: each takes what it knows. */
const input = {
  ...{
    UserName: 'ada',
    GroupName: 'mates',
    RoleName: 'crew',
    InstanceProfileName: 'hull',
    PolicyName: 'fence',
  },
  ...{ Path, PathPrefix: Path, Tags, TagKeys: ['team'], PolicyArn, PermissionsBoundary: PolicyArn },
  ...{ PolicySourceArn: arn('user/sea/ada'), Arn: arn('user/sea/ada') },
  ...{ ServerCertificateName: 'tls', SAMLProviderArn: arn('saml-provider/idp') },
  ...{ Url: 'https://idp.example', OpenIDConnectProviderArn: arn('oidc-provider/idp.example') },
  ...{ AWSServiceName: 'ecs.amazonaws.com', DeletionTaskId: `task/${linkedRole}/1` },
  AccessKeyId: '',
};

const entities: Readonly<Record<ResourceType, string>> = {
  user: arn('user/sea/ada'),
  group: arn('group/sea/mates'),
  role: arn('role/sea/crew'),
  policy: PolicyArn,
  'instance-profile': arn('instance-profile/sea/hull'),
  'server-certificate': arn('server-certificate/tls'),
  'saml-provider': arn('saml-provider/idp'),
  'oidc-provider': arn('oidc-provider/idp.example'),
  any: '*',
};

/** Where it is not the entity itself. Lists are asked for on their type, as AWS's denials name it. */
const others: Readonly<Record<string, string>> = {
  CreateServiceLinkedRole: arn(`role/${linkedRole}`),
  GetServiceLinkedRoleDeletionStatus: arn(`role/${linkedRole}`),
  ListGroups: arn('group/'),
  ListInstanceProfiles: arn('instance-profile/'),
  ListPolicies: 'policy path /sea/',
  ListRoles: arn('role/'),
  ListUsers: arn('user/'),
};

const tagged: readonly string[] = ['user', 'role', 'policy', 'instance-profile'];
/** Without a tag to its name: it is not there yet, or not any more. */
const isUntagged = (operation: string) =>
  /^Create(User|Role|Policy|InstanceProfile|ServiceLinkedRole)$|^GetServiceLinkedRoleDeletion/.test(
    operation,
  );

let server: IamServer;
let call: Call;
let operations: ReadonlyMap<string, SupportedOperation>;
beforeAll(async () => {
  server = await startIamServer();
  const { iam } = server;
  const PolicyDocument = policyOf({ Effect: 'Allow', Action: '*', Resource: '*' });
  await iam.createPolicy({ ...{ PolicyName: 'fence', Path, Tags, PolicyDocument } });
  const AssumeRolePolicyDocument = policyOf({
    ...{ Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' },
  });
  const { accessKeyId } = await userWith(server, 'ada');
  await iam.updateUser({ UserName: 'ada', NewPath: Path });
  await iam.tagUser({ UserName: 'ada', Tags });
  await iam.putUserPermissionsBoundary({ UserName: 'ada', PermissionsBoundary: PolicyArn });
  await iam.createGroup({ GroupName: 'mates', Path });
  await iam.createRole({
    ...{ RoleName: 'crew', Path, Tags, AssumeRolePolicyDocument, PermissionsBoundary: PolicyArn },
  });
  await iam.createInstanceProfile({ InstanceProfileName: 'hull', Path, Tags });
  input.AccessKeyId = accessKeyId;
  call = {
    ...{ accountId, region: 'us-east-1', principal: rootPrincipal(accountId, 'AKIDEXAMPLE') },
    ...{ requestId: 'r', sourceIp: '127.0.0.1', userAgent: 'test', isSecure: true, now: 0 },
    signal: new AbortController().signal,
  };
  operations = new Map(
    Object.entries<object>(iamOperations(server.context)).flatMap(([name, entry]) =>
      'refused' in entry ? [] : [[name, entry as SupportedOperation]],
    ),
  );
});
afterAll(() => server[Symbol.asyncDispose]());

const rows = Object.entries(actionsOn).flatMap(([type, names]) =>
  names.map((operation) => ({ operation, type: type as ResourceType })),
);

it('every operation that is supported is listed with what it acts on', () => {
  const known = new Set(rows.map(({ operation }) => operation));
  expect([...operations.keys()].filter((name) => !known.has(name))).toEqual([]);
});

describe.each(rows)('$operation', ({ operation, type }) => {
  const keyNames = (keys: ConditionKeys) =>
    Object.entries(keys).flatMap(([key, value]) => (value === undefined ? [] : [key.split('/')[0]]));

  it('is authorised by its own name, on what it acts on, with the condition keys that AWS lists', () => {
    const entry = operations.get(operation);
    if (entry === undefined) return expect(isRefused(operation)).toBe(true);
    expect(entry.action).toBe(`iam:${operation}`);
    const resources = entry.resources(input, call);
    expect(resources).toEqual([others[operation] ?? entities[type]]);
    const given = new Set(resources.flatMap((each) => keyNames(entry.conditions?.(input, call, each) ?? {})));
    const listed = new Set(listedKeys[operation]);
    if (tagged.includes(type) && !isUntagged(operation) && others[operation] === undefined) {
      listed.add('aws:ResourceTag');
    }
    // Since before its tags could be asked for by the global key, and still for all that have tags.
    given.delete('iam:ResourceTag');
    if (!listed.has('iam:PermissionsBoundary')) given.delete('iam:PermissionsBoundary');
    expect([...given].sort()).toEqual([...listed].sort());
  });

  const isRefused = (name: string): boolean =>
    'refused' in
    (Object.entries<object>(iamOperations(server.context)).find(([it]) => it === name)?.[1] ?? {});
});
