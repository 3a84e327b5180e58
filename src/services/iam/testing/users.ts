import type { IamServer, Key } from './iam-server.ts';

/** A policy document of these statements. */
export const policyOf = (...statements: object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements });

/** Makes a user who may do what the statements say, and gives its key. */
export async function userWith(server: IamServer, name: string, ...statements: object[]): Promise<Key> {
  await server.iam.createUser({ UserName: name });
  if (statements.length > 0) {
    await server.iam.putUserPolicy({
      UserName: name,
      PolicyName: 'own',
      PolicyDocument: policyOf(...statements),
    });
  }
  const { AccessKey } = await server.iam.createAccessKey({ UserName: name });
  return { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
}
