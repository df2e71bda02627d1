import { createHash } from 'node:crypto'

export const hashOf = (values: Float32Array | Uint32Array | Uint8Array): string =>
  createHash('sha256')
    .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    .digest('hex')
