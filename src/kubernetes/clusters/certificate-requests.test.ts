import { describe, expect, it } from 'vitest';
import { type KubernetesObject, timestamp } from '../objects/object.ts';
import { nextStep } from './certificate-requests.ts';

const hour = 60 * 60 * 1_000;
const now = Date.parse('2026-01-02T00:00:00Z');
const request = (agoMs: number, status: object = {}): KubernetesObject => ({
  ...{ apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest' },
  metadata: { name: 'x', creationTimestamp: timestamp(now - agoMs) },
  spec: { signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] },
  status: status as never,
});
const decided = (type: string, agoMs: number) => ({
  conditions: [{ type, status: 'True', lastUpdateTime: timestamp(now - agoMs) }],
});
const ada = { commonName: 'ada', organizations: [], alternativeNames: [], pem: '' };
const step = (of: KubernetesObject, wanted = ada) => nextStep(of, wanted, now, () => false);

describe('a request goes', () => {
  it('after a day that nobody has decided it', () => {
    expect(step(request(23 * hour))).toEqual({ type: 'wait', forMs: hour });
    expect(step(request(24 * hour))).toEqual({ type: 'remove' });
  });

  it.each(['Approved', 'Denied', 'Failed'])('an hour after it was %s', (type) => {
    expect(step(request(48 * hour, decided(type, hour)))).toEqual({ type: 'remove' });
    expect(step(request(48 * hour, decided(type, hour - 1_000))).type).not.toBe('remove');
  });
});

describe('a request that is approved', () => {
  it('is signed, and failed if its signer signs no such thing', () => {
    const approved = request(0, decided('Approved', 0));
    expect(step(approved)).toEqual({ type: 'sign' });
    expect(step(approved, { ...ada, organizations: ['system:masters'] as never[] })).toEqual({
      type: 'fail',
      message: 'the group system:masters is not allowed',
    });
  });
});
