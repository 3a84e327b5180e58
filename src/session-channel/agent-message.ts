import { createHash } from 'node:crypto';

/**
 * One binary frame of a Session Manager channel, as amazon-ssm-agent and session-manager-plugin write it
 * (`AgentMessage` there, `ClientMessage` here): a header of fixed offsets, big-endian throughout, then the payload.
 *
 *       0  header length (4): the offset of the payload's length, 116
 *       4  message type (32), padded with spaces
 *      36  schema version (4)
 *      40  created, epoch milliseconds (8)
 *      48  sequence number (8)
 *      56  flags (8): bit 0 SYN, bit 1 FIN
 *      64  message id (16): a UUID, its second half first
 *      80  SHA-256 of the payload (32)
 *     112  payload type (4)
 *     116  payload length (4)
 *     120  payload
 */
export interface AgentMessage {
  readonly messageType: string;
  readonly schemaVersion: number;
  readonly createdAtMs: number;
  readonly sequenceNumber: number;
  readonly flags: number;
  /** A UUID in its usual form. */
  readonly messageId: string;
  readonly payloadType: number;
  readonly payload: Buffer;
}

const typeOffset = 4;
const typeBytes = 32;
const schemaVersionOffset = 36;
const createdOffset = 40;
const sequenceNumberOffset = 48;
const flagsOffset = 56;
const messageIdOffset = 64;
const digestOffset = 80;
const digestBytes = 32;
const payloadTypeOffset = 112;
const headerLength = 116;
const lengthBytes = 4;
const uuidHalfBytes = 8;

/** @throws {RangeError} the message type has more than 32 bytes, or a number is none of its field's. */
export function encodeAgentMessage(message: AgentMessage): Buffer {
  const { messageType, payload } = message;
  const type = Buffer.from(messageType, 'utf8');
  if (type.length > typeBytes)
    throw new RangeError(`Message type '${messageType}' is longer than ${typeBytes} bytes`);
  const frame = Buffer.alloc(headerLength + lengthBytes + payload.length);
  frame.writeUInt32BE(headerLength, 0);
  frame.fill(' ', typeOffset, typeOffset + typeBytes);
  type.copy(frame, typeOffset);
  frame.writeUInt32BE(message.schemaVersion, schemaVersionOffset);
  frame.writeBigUInt64BE(BigInt(message.createdAtMs), createdOffset);
  frame.writeBigInt64BE(BigInt(message.sequenceNumber), sequenceNumberOffset);
  frame.writeBigUInt64BE(BigInt(message.flags), flagsOffset);
  const id = Buffer.from(message.messageId.replaceAll('-', ''), 'hex');
  if (id.length !== 2 * uuidHalfBytes) throw new RangeError(`'${message.messageId}' is no UUID`);
  id.copy(frame, messageIdOffset, uuidHalfBytes);
  id.copy(frame, messageIdOffset + uuidHalfBytes, 0, uuidHalfBytes);
  digestOf(payload).copy(frame, digestOffset);
  frame.writeUInt32BE(message.payloadType, payloadTypeOffset);
  frame.writeUInt32BE(payload.length, headerLength);
  payload.copy(frame, headerLength + lengthBytes);
  return frame;
}

/** @returns undefined for what is no such frame: truncated, a wrong length or digest, numbers beyond reason. */
export function decodeAgentMessage(frame: Buffer): AgentMessage | undefined {
  if (frame.length < headerLength + lengthBytes) return undefined;
  const payloadOffset = frame.readUInt32BE(0) + lengthBytes;
  if (payloadOffset < headerLength + lengthBytes || payloadOffset > frame.length) return undefined;
  const payload = frame.subarray(payloadOffset);
  if (frame.readUInt32BE(headerLength) !== payload.length) return undefined;
  // The gateway service's own messages without a payload come without a digest.
  const digest = frame.subarray(digestOffset, digestOffset + digestBytes);
  if (payload.length > 0 && !digest.equals(digestOf(payload))) return undefined;
  const messageType = frame
    .toString('utf8', typeOffset, typeOffset + typeBytes)
    .replace(/^[\0\s]+|[\0\s]+$/g, '');
  const createdAtMs = Number(frame.readBigUInt64BE(createdOffset));
  const sequenceNumber = Number(frame.readBigInt64BE(sequenceNumberOffset));
  const flags = Number(frame.readBigUInt64BE(flagsOffset));
  const areNumbers = [createdAtMs, sequenceNumber, flags].every(Number.isSafeInteger);
  if (messageType === '' || !areNumbers) return undefined;
  return {
    messageType,
    schemaVersion: frame.readUInt32BE(schemaVersionOffset),
    createdAtMs,
    sequenceNumber,
    flags,
    messageId: uuidAt(frame, messageIdOffset),
    payloadType: frame.readUInt32BE(payloadTypeOffset),
    payload,
  };
}

function uuidAt(frame: Buffer, offset: number): string {
  const middle = offset + uuidHalfBytes;
  const text = frame.toString('hex', middle, middle + uuidHalfBytes) + frame.toString('hex', offset, middle);
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join(
    '-',
  );
}

const digestOf = (payload: Buffer): Buffer => createHash('sha256').update(payload).digest();
