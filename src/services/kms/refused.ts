import type { RefusedOperation } from '../service.ts';

const refused = (operation: string, reason: string): RefusedOperation => ({
  refused: `${operation} is not supported by this version of Catamaran yet: ${reason}.`,
});

const stores = 'there are no custom key stores';
const grants = 'there are no grants, key policies say who may use a key';
const symmetric = 'there are symmetric keys for encryption alone';
const imported = 'key material is made here, and stays here';
const rotation = 'the material of a key is not rotated';
const regions = 'keys are of one region';

/** What isn't built, by name. */
export const refusedOperations = {
  ConnectCustomKeyStore: refused('ConnectCustomKeyStore', stores),
  CreateCustomKeyStore: refused('CreateCustomKeyStore', stores),
  CreateGrant: refused('CreateGrant', grants),
  Decapsulate: refused('Decapsulate', symmetric),
  DeleteCustomKeyStore: refused('DeleteCustomKeyStore', stores),
  DeleteImportedKeyMaterial: refused('DeleteImportedKeyMaterial', imported),
  DeriveSharedSecret: refused('DeriveSharedSecret', symmetric),
  DescribeCustomKeyStores: refused('DescribeCustomKeyStores', stores),
  DisableKeyRotation: refused('DisableKeyRotation', rotation),
  DisconnectCustomKeyStore: refused('DisconnectCustomKeyStore', stores),
  EnableKeyRotation: refused('EnableKeyRotation', rotation),
  Encapsulate: refused('Encapsulate', symmetric),
  GenerateDataKeyPair: refused('GenerateDataKeyPair', symmetric),
  GenerateDataKeyPairWithoutPlaintext: refused('GenerateDataKeyPairWithoutPlaintext', symmetric),
  GenerateMac: refused('GenerateMac', symmetric),
  GetKeyLastUsage: refused('GetKeyLastUsage', 'nobody notes when a key was used'),
  GetKeyRotationStatus: refused('GetKeyRotationStatus', rotation),
  GetParametersForImport: refused('GetParametersForImport', imported),
  GetPublicKey: refused('GetPublicKey', symmetric),
  ImportKeyMaterial: refused('ImportKeyMaterial', imported),
  ListGrants: refused('ListGrants', grants),
  ListKeyRotations: refused('ListKeyRotations', rotation),
  ListRetirableGrants: refused('ListRetirableGrants', grants),
  ReplicateKey: refused('ReplicateKey', regions),
  RetireGrant: refused('RetireGrant', grants),
  RevokeGrant: refused('RevokeGrant', grants),
  RotateKeyOnDemand: refused('RotateKeyOnDemand', rotation),
  Sign: refused('Sign', symmetric),
  UpdateCustomKeyStore: refused('UpdateCustomKeyStore', stores),
  UpdatePrimaryRegion: refused('UpdatePrimaryRegion', regions),
  Verify: refused('Verify', symmetric),
  VerifyMac: refused('VerifyMac', symmetric),
} satisfies Readonly<Record<string, RefusedOperation>>;
