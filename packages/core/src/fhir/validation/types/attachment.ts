// Attachment: size and hash must agree with the data that is given (http://hl7.org/fhir/R4/datatypes.html#Attachment).
import { base64Bytes, base64Fault } from '../elements/base64.ts'
import type { Node, Walk } from '../walk.ts'
import { sha1 } from './sha1.ts'

/** Checks size and hash of an attachment that carries its data. */
export function checkAttachment({ data, size, hash }: Node, walk: Walk): void {
  if (typeof data !== 'string' || (size === undefined && hash === undefined) || base64Fault(data) !== undefined) return
  const bytes = base64Bytes(data)
  if (typeof size === 'number' && size !== bytes.length) {
    walk.error(
      'value',
      'attachment.size',
      `The size says ${size} bytes, but the data has ${bytes.length}; make them agree.`,
    )
  }
  if (typeof hash !== 'string' || base64Fault(hash) !== undefined) return
  const given = base64Bytes(hash)
  const computed = sha1(bytes)
  if (given.length === computed.length && given.every((byte, index) => byte === computed[index])) return
  const wanted = btoa(String.fromCharCode(...computed))
  walk.error('value', 'attachment.hash', `The hash is not the SHA-1 of the data in base64, which is ${wanted}.`)
}
