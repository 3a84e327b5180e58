import type { CreateOpenIDConnectProviderCommandInput } from '@aws-sdk/client-iam';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startIssuer } from '../../sts/testing/issuer.ts';
import { accountId, type IamServer, startIamServer } from '../testing/iam-server.ts';

let server: IamServer;
let iam: IamServer['iam'];
beforeEach(async () => {
  server = await startIamServer();
  ({ iam } = server);
});
afterEach(() => server[Symbol.asyncDispose]());

const Url = 'https://oidc.example.com/id/ABC';
const arn = `arn:aws:iam::${accountId}:oidc-provider/oidc.example.com/id/ABC`;
const named = { OpenIDConnectProviderArn: arn };
const thumbprint = 'AB'.repeat(20);
const create = (bent: Partial<CreateOpenIDConnectProviderCommandInput> = {}) =>
  iam.createOpenIDConnectProvider({
    ...{ Url, ClientIDList: ['sts.amazonaws.com'], ThumbprintList: [thumbprint] },
    ...bent,
  });

describe('an OIDC provider', () => {
  it('is made, shown, listed and deleted', async () => {
    const made = await create({ Tags: [{ Key: 'team', Value: 'sea' }] });
    expect(made).toMatchObject({ ...named, Tags: [{ Key: 'team', Value: 'sea' }] });
    const { $metadata: _, ...shown } = await iam.getOpenIDConnectProvider(named);
    expect(shown).toEqual({
      ...{ Url: 'oidc.example.com/id/ABC', ClientIDList: ['sts.amazonaws.com'] },
      ThumbprintList: [thumbprint.toLowerCase()],
      CreateDate: expect.any(Date),
      Tags: [{ Key: 'team', Value: 'sea' }],
    });
    const { OpenIDConnectProviderList } = await iam.listOpenIDConnectProviders({});
    expect(OpenIDConnectProviderList).toEqual([{ Arn: arn }]);
    await expect(iam.getAccountSummary({})).resolves.toMatchObject({ SummaryMap: { Providers: 1 } });
    await iam.deleteOpenIDConnectProvider(named);
    await expect(iam.getOpenIDConnectProvider(named)).rejects.toMatchObject({
      name: 'NoSuchEntityException',
      message: `OpenIDConnect Provider not found for arn ${arn}`,
    });
  });

  it('knows clients and thumbprints, which change', async () => {
    await create();
    await iam.addClientIDToOpenIDConnectProvider({ ...named, ClientID: 'harbor' });
    await iam.addClientIDToOpenIDConnectProvider({ ...named, ClientID: 'harbor' });
    await iam.removeClientIDFromOpenIDConnectProvider({ ...named, ClientID: 'sts.amazonaws.com' });
    const ThumbprintList = ['0'.repeat(40)];
    await iam.updateOpenIDConnectProviderThumbprint({ ...named, ThumbprintList });
    await expect(iam.getOpenIDConnectProvider(named)).resolves.toMatchObject({
      ...{ ClientIDList: ['harbor'], ThumbprintList },
    });
  });

  it('has tags, which change', async () => {
    await create();
    await iam.tagOpenIDConnectProvider({
      ...named,
      Tags: [
        { Key: 'team', Value: 'sea' },
        { Key: 'deck', Value: '1' },
      ],
    });
    await iam.untagOpenIDConnectProvider({ ...named, TagKeys: ['TEAM'] });
    const { Tags } = await iam.listOpenIDConnectProviderTags(named);
    expect(Tags).toEqual([{ Key: 'deck', Value: '1' }]);
  });

  it('gets the thumbprint that its issuer shows where none is given', async () => {
    await using issuer = await startIssuer();
    const { OpenIDConnectProviderArn } = await create({ Url: issuer.url, ThumbprintList: [] });
    expect(OpenIDConnectProviderArn).toBe(`arn:aws:iam::${accountId}:oidc-provider/127.0.0.1/fleet`);
    await expect(iam.getOpenIDConnectProvider({ OpenIDConnectProviderArn })).resolves.toMatchObject({
      ThumbprintList: [issuer.thumbprint],
    });
    await expect(create({ Url: 'https://127.0.0.1:1', ThumbprintList: [] })).rejects.toMatchObject({
      name: 'OpenIdIdpCommunicationErrorException',
    });
  });

  it.each<[string, Partial<CreateOpenIDConnectProviderCommandInput>, object]>([
    [
      'a URL that is taken',
      {},
      { name: 'EntityAlreadyExistsException', message: `Provider with url ${Url} already exists.` },
    ],
    [
      'plain http',
      { Url: 'http://example.com' },
      { name: 'InvalidInputException', message: 'Invalid Open ID Connect Provider URL: http://example.com' },
    ],
    [
      'six thumbprints',
      { Url: `${Url}2`, ThumbprintList: Array.from({ length: 6 }, () => thumbprint) },
      { name: 'InvalidInputException', message: 'Thumbprint list must contain fewer than 5 entries.' },
    ],
    ['a short thumbprint', { Url: `${Url}2`, ThumbprintList: ['ab'] }, { name: 'ValidationError' }],
    [
      'what is no thumbprint',
      { Url: `${Url}2`, ThumbprintList: ['x'.repeat(40)] },
      { name: 'InvalidInputException' },
    ],
    [
      'too many clients',
      { Url: `${Url}2`, ClientIDList: Array.from({ length: 101 }, (_, n) => `c${n}`) },
      {
        name: 'LimitExceededException',
        message: 'Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100',
      },
    ],
  ])('is refused with %s', async (_what, bent, error) => {
    await create();
    await expect(create(bent)).rejects.toMatchObject(error);
  });

  it("is not another account's", async () => {
    await create();
    const other = server.as(server.otherRootKey).iam;
    await expect(other.getOpenIDConnectProvider(named)).rejects.toMatchObject({
      name: 'NoSuchEntityException',
    });
  });
});
