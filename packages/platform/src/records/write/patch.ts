// JSON Patch (RFC 6902) on a record: bounded, without prototypes, and never of the record's identity.
import { AppError } from '@xinglin/core/errors'
import jsonPatch, { type Operation } from 'fast-json-patch'
import { isObject, maxDepth, parseJson, parseResource, restoreDecimals } from '../prepare/parse-body.ts'

const maxOperations = 1000
const maxPatchedCharacters = 5_000_000
const maxCopies = 20
const verbs: ReadonlySet<unknown> = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test'])
const forbiddenSegments: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

function refused(message: string, index?: number): AppError {
  const where = index === undefined ? '' : `operation ${index}: `
  return new AppError('invalid-patch', `The patch cannot be applied: ${where}${message}`)
}

/** Parses and checks a JSON Patch document. Throws `invalid-patch` or `malformed-body`. */
export function parsePatch(text: string): readonly Operation[] {
  const { value: operations } = parseJson(text)
  if (!Array.isArray(operations)) throw refused('a JSON Patch is an array of operations')
  if (operations.length > maxOperations) throw refused(`it has more than ${maxOperations} operations`)
  if (operations.filter((operation) => isObject(operation) && operation['op'] === 'copy').length > maxCopies) {
    throw refused(`it copies more than ${maxCopies} times`)
  }
  for (const [index, operation] of operations.entries()) checkOperation(operation, index)
  return operations as readonly Operation[]
}

function checkOperation(operation: unknown, index: number): void {
  if (!isObject(operation)) throw refused('it is not an object', index)
  if (!verbs.has(operation['op'])) throw refused('op must be add, remove, replace, move, copy or test', index)
  checkPointer(operation['path'], index)
  const op = String(operation['op'])
  if (op === 'move' || op === 'copy') checkPointer(operation['from'], index)
  if (['add', 'replace', 'test'].includes(op) && !('value' in operation)) throw refused(`${op} needs a value`, index)
}

function checkPointer(pointer: unknown, index: number): void {
  if (typeof pointer !== 'string' || (pointer !== '' && !pointer.startsWith('/'))) {
    throw refused('path and from must be JSON pointers such as /name/0/family', index)
  }
  const segments = pointer.split('/').map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
  if (segments.length > maxDepth) throw refused('its path is too deep', index)
  if (segments.some((segment) => forbiddenSegments.has(segment))) throw refused('its path is not an element', index)
}

/** The content of a record after the patch, as text. Throws `invalid-patch`, and `conflict` for a test that fails. */
export function applyPatch(content: string, operations: readonly unknown[]): string {
  const { value: resource, decimals } = parseResource(content)
  const { resourceType, id } = resource
  const patched = patchedDocument(resource, operations as readonly Operation[])
  if (!isObject(patched)) throw refused('what is left is not a resource')
  if (patched['resourceType'] !== resourceType) throw refused('resourceType cannot be changed')
  if (patched['id'] !== id) throw refused('the id cannot be changed')
  restoreDecimals(decimals)
  const text = JSON.stringify(patched)
  if (text.length > maxPatchedCharacters) throw refused('the result is too large')
  return text
}

function patchedDocument(document: unknown, operations: readonly Operation[]): unknown {
  try {
    return jsonPatch.applyPatch(document, structuredClone(operations), true, true, true).newDocument
  } catch (error) {
    if (error instanceof jsonPatch.JsonPatchError) {
      if (error.name === 'TEST_OPERATION_FAILED') {
        throw new AppError('conflict', `The patch was not applied: the test of operation ${error.index} does not hold`)
      }
      throw refused(reasons[error.name] ?? 'it does not fit the record', error.index)
    }
    if (error instanceof TypeError) throw refused('it does not fit the record')
    throw error
  }
}

const reasons: Readonly<Record<string, string>> = {
  OPERATION_PATH_UNRESOLVABLE: 'its path does not exist in the record',
  OPERATION_FROM_UNRESOLVABLE: 'its from does not exist in the record',
  OPERATION_PATH_CANNOT_ADD: 'nothing can be added at its path',
  OPERATION_VALUE_OUT_OF_BOUNDS: 'its index is outside the array',
  OPERATION_PATH_ILLEGAL_ARRAY_INDEX: 'its index must be a whole number',
  OPERATION_VALUE_CANNOT_CONTAIN_UNDEFINED: 'its value is incomplete',
}
