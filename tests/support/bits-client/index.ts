/** A client that speaks BITS uploads as Windows is documented to, with hooks to misbehave. For tests and tools. */
export { type Ack, type AckViolation, isViolation, readAck } from './ack.ts';
export { basicAuthorization } from './authentication.ts';
export { BitsUpload } from './bits-upload.ts';
export { httpTransport } from './http-transport.ts';
export {
  BitsJobError,
  BitsSuspendedError,
  formatHresult,
  HRESULT,
} from './job-error.ts';
export {
  type BitsUploadOptions,
  type ClientEvent,
  type Clock,
  type Credentials,
  type JobProgress,
  MAX_FRAGMENT_BYTES,
  MIN_FRAGMENT_BYTES,
  type OutgoingPacket,
  type PacketAction,
  type ReplyOptions,
  type UploadResult,
} from './options.ts';
export {
  lowerCase,
  oddCase,
  type PacketFields,
  type PacketType,
  packetRequest,
  type Spelling,
  UPLOAD_PROTOCOL,
  upperCase,
  withoutBraces,
} from './packet.ts';
export { rawTransport } from './raw-transport.ts';
export { react } from './reaction.ts';
export { bufferSource, fileSource, generatedSource, type Source } from './source.ts';
export { type Transport, TransportError } from './transport.ts';
