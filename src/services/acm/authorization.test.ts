import * as sdk from '@aws-sdk/client-acm';
import { createSealer, sealingKeyBytes } from '../../sealing/index.ts';
import { accountId } from '../iam/testing/iam-server.ts';
import { authorizationSuite, type Case } from '../testing/authorization-suite.ts';
import { openGuarded, region } from '../testing/guarded.ts';
import { acmOperations } from './operations.ts';
import { type CertificateRecord, certificateKey, certificates } from './records.ts';

const id = '01234567-89ab-4def-8123-456789abcdef';
const arn = (name: string) => `arn:aws:acm:${region}:${accountId}:certificate/${name}`;
const CertificateArn = arn(id);
const Tags = [{ Key: 'Pier', Value: 'nine' }];
const tagging = { 'aws:RequestTag/Pier': 'nine', 'aws:TagKeys': ['Pier'] };
const tagged = { 'aws:ResourceTag/team': 'blue' };
const on = [CertificateArn];
const bytes = new Uint8Array([1]);

const cases: Readonly<Record<string, Case>> = {
  AddTagsToCertificate: { input: { CertificateArn, Tags }, on, keys: { ...tagged, ...tagging } },
  DeleteCertificate: { input: { CertificateArn }, on, keys: tagged },
  DescribeCertificate: { input: { CertificateArn }, on, keys: tagged },
  GetCertificate: { input: { CertificateArn }, on, keys: tagged },
  ImportCertificate: {
    input: { CertificateArn, Certificate: bytes, PrivateKey: bytes, Tags },
    ...{ on, keys: { ...tagged, ...tagging } },
  },
  ListCertificates: { input: {}, on: ['*'] },
  ListTagsForCertificate: { input: { CertificateArn }, on, keys: tagged },
  RemoveTagsFromCertificate: { input: { CertificateArn, Tags }, on, keys: { ...tagged, ...tagging } },
  RequestCertificate: {
    input: { DomainName: 'a.example', KeyAlgorithm: 'RSA_2048', ValidationMethod: 'DNS', Tags },
    on: [arn('*')],
    keys: {
      ...tagging,
      'acm:DomainNames': ['a.example'],
      'acm:KeyAlgorithm': 'RSA_2048',
      'acm:ValidationMethod': 'DNS',
    },
  },
};

const ofRequest = ['aws:RequestTag', 'aws:TagKeys'];
const ofResource = ['aws:ResourceTag'];

authorizationSuite<object>({
  prefix: 'acm',
  sdk,
  client: (settings) => new sdk.ACMClient(settings),
  open: () =>
    openGuarded<object>({
      signingName: 'acm',
      loadSdk: () => import('@aws-sdk/client-acm'),
      operations: (parts) =>
        acmOperations({
          ...{ ...parts, usersOf: () => [] },
          sealer: createSealer(parts.random.bytes(sealingKeyBytes), parts.random),
        }),
      build: async (_root, { state }) => {
        // Of what a look-up by ARN reads.
        const record = { id, arn: CertificateArn, tags: { team: 'blue' } } as unknown as CertificateRecord;
        const key = certificateKey({ accountId, region }, id);
        await state.transact((tx) => tx.put(certificates, key, record));
        return {};
      },
    }),
  casesIn: () => cases,
  listedKeys: {
    AddTagsToCertificate: [...ofResource, ...ofRequest],
    DeleteCertificate: ofResource,
    DescribeCertificate: ofResource,
    GetCertificate: ofResource,
    ImportCertificate: [...ofResource, ...ofRequest],
    ListCertificates: [],
    ListTagsForCertificate: ofResource,
    RemoveTagsFromCertificate: [...ofResource, ...ofRequest],
    RequestCertificate: [...ofRequest, 'acm:DomainNames', 'acm:KeyAlgorithm', 'acm:ValidationMethod'],
  },
  denied: { name: 'AccessDeniedException', status: 403 },
});
