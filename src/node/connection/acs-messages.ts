import type { AcsRoleCredentials, AcsTaskIdentifier } from '../../protocols/index.ts';
import type { Reader } from '../reading.ts';

/** What every addressed ACS message carries; one without these is dropped unacknowledged, as the official agent does. */
export interface Envelope {
  readonly messageId: string;
  readonly clusterArn: string;
  readonly containerInstanceArn: string;
}

export function readEnvelope(message: Reader): Envelope | undefined {
  const messageId = message.optionalString('messageId');
  const clusterArn = message.optionalString('clusterArn');
  const containerInstanceArn = message.optionalString('containerInstanceArn');
  if (!messageId || !clusterArn || !containerInstanceArn) return undefined;
  return { messageId, clusterArn, containerInstanceArn };
}

export function readRoleCredentials(reader: Reader): AcsRoleCredentials {
  return {
    credentialsId: reader.string('credentialsId'),
    accessKeyId: reader.string('accessKeyId'),
    secretAccessKey: reader.string('secretAccessKey'),
    sessionToken: reader.string('sessionToken'),
    expiration: reader.string('expiration'),
    roleArn: reader.string('roleArn'),
  };
}

export function readTaskIdentifier(reader: Reader): AcsTaskIdentifier {
  return {
    taskArn: reader.string('taskArn'),
    taskClusterArn: reader.string('taskClusterArn'),
    desiredStatus: reader.word('desiredStatus', ['RUNNING', 'STOPPED']),
  };
}
