import { hash } from 'node:crypto';
import type { AMITypes } from '@aws-sdk/client-eks';

/** Of the kubelet that nodes get: its patch of a minor version, and the day of the release. */
export const releaseVersionOf = (version: string): string => `${version}.0-20261101`;

/** The minor version that a release is of; undefined: it is no release of an image of EKS's. */
export const versionOfRelease = (release: string): string | undefined =>
  /^(\d+\.\d+)\.\d+-\d{8}$/.exec(release)?.[1];

/** What stands for the image that a node is of, which nobody can look into: the same for the same release. */
export const imageIdOf = (amiType: AMITypes, releaseVersion: string): string =>
  `ami-${hash('sha256', `${amiType} ${releaseVersion}`, 'hex').slice(0, 17)}`;
