import type { RoleCredentials } from '../tasks/role-credentials.ts';
import type { Answer } from './answer.ts';

/**
 * The credentials endpoint's answer for one id, in the official agent's form: the SDKs in containers read it.
 * `Expiration` is what the control plane sent, verbatim.
 */
export function credentialsAnswer(id: string, isKnown: boolean, credentials: RoleCredentials): Answer {
  if (id === '') return refuse(400, 'NoIdInRequest', 'CredentialsV2Request: No ID in the request');
  if (!isKnown) return refuse(400, 'InvalidIdInRequest', 'CredentialsV2Request: ID not found');
  const set = credentials.get(id);
  if (!set) {
    return refuse(503, 'CredentialsUninitialized', 'CredentialsV2Request: Credentials uninitialized for ID');
  }
  return {
    status: 200,
    body: {
      RoleArn: set.roleArn,
      AccessKeyId: set.accessKeyId,
      SecretAccessKey: set.secretAccessKey,
      Token: set.sessionToken,
      Expiration: set.expiration,
    },
  };
}

const refuse = (status: number, code: string, message: string): Answer => ({
  status,
  body: { code, message, HTTPErrorCode: status },
});
