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

// One operation after the other, so that what is copied can be weighed first: copies of copies grow without end.
function patchedDocument(document: unknown, operations: readonly Operation[]): unknown {
  const state = { document, copied: 0 }
  for (const [index, operation] of structuredClone(operations).entries()) {
    try {
      step(state, operation, index)
    } catch (error) {
      throw refusalOf(error, index)
    }
  }
  return state.document
}

interface Patching {
  document: unknown
  /** Characters copied so far. */
  copied: number
}

// A move is a removal and an addition; the library's own would copy what the target held before.
function step(state: Patching, operation: Operation, index: number): void {
  if (operation.op === 'move') {
    const { removed } = apply(state, { op: 'remove', path: operation.from }, index)
    apply(state, { op: 'add', path: operation.path, value: removed }, index)
  } else if (operation.op === 'copy') {
    const value: unknown = jsonPatch.getValueByPointer(state.document, operation.from)
    if (value === undefined) throw refused('its from does not exist in the record', index)
    const text = JSON.stringify(value)
    state.copied += text.length
    if (state.copied > maxPatchedCharacters) throw refused('the result is too large', index)
    apply(state, { op: 'add', path: operation.path, value: JSON.parse(text) }, index)
  } else apply(state, operation, index)
}

function apply(state: Patching, operation: Operation, index: number): { readonly removed?: unknown } {
  const result = jsonPatch.applyOperation(state.document, operation, requireFitting, true, true, index)
  state.document = result.newDocument
  return result
}

// The library's own check walks the whole value of every operation; what was parsed and checked above needs only its place.
function requireFitting(operation: Operation, index: number, document: unknown, existing: string): void {
  const depthOf = (pointer: string): number => pointer.split('/').length
  const isThere =
    operation.op === 'add'
      ? depthOf(operation.path) <= depthOf(existing) + 1
      : operation.op === 'test' || operation.path === existing
  if (isThere) return
  const name = operation.op === 'add' ? 'OPERATION_PATH_CANNOT_ADD' : 'OPERATION_PATH_UNRESOLVABLE'
  throw new jsonPatch.JsonPatchError('It does not fit', name, index, operation, document)
}

function refusalOf(error: unknown, index: number): unknown {
  if (error instanceof jsonPatch.JsonPatchError) {
    if (error.name === 'TEST_OPERATION_FAILED') {
      return new AppError('conflict', `The patch was not applied: the test of operation ${index} does not hold`)
    }
    return refused(reasons[error.name] ?? 'it does not fit the record', index)
  }
  return error instanceof TypeError ? refused('it does not fit the record', index) : error
}

const reasons: Readonly<Record<string, string>> = {
  OPERATION_PATH_UNRESOLVABLE: 'its path does not exist in the record',
  OPERATION_FROM_UNRESOLVABLE: 'its from does not exist in the record',
  OPERATION_PATH_CANNOT_ADD: 'nothing can be added at its path',
  OPERATION_VALUE_OUT_OF_BOUNDS: 'its index is outside the array',
  OPERATION_PATH_ILLEGAL_ARRAY_INDEX: 'its index must be a whole number',
  OPERATION_VALUE_CANNOT_CONTAIN_UNDEFINED: 'its value is incomplete',
}
