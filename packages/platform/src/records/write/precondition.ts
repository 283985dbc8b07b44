// If-Match and If-None-Match: on reads and before a change.
import { AppError } from '@xinglin/core/errors'

/** The weak ETag of a version. */
export function etagOf(version: number): string {
  return `W/"${version}"`
}

function tags(header: string): readonly string[] {
  return header.split(',').map((tag) =>
    tag
      .trim()
      .replace(/^W\//, '')
      .replace(/^"(.*)"$/, '$1'),
  )
}

/** Whether a header of ETags names the version; `*` names any. */
export function names(header: string, version: number): boolean {
  const given = tags(header)
  return given.includes('*') || given.includes(String(version))
}

/** What a conditional read says that the client has. */
export interface KnownVersion {
  readonly ifNoneMatch: string | undefined
  /** An HTTP date or an instant; what is no date is ignored (RFC 9110, section 13.1.3). */
  readonly ifModifiedSince: string | undefined
}

/** Whether the client has the version already. If-None-Match goes before If-Modified-Since (RFC 9110, section 13.2.2). */
export function isKnown(known: KnownVersion, current: { readonly version: number; readonly at: Date }): boolean {
  if (known.ifNoneMatch !== undefined) return names(known.ifNoneMatch, current.version)
  const since = Date.parse(known.ifModifiedSince ?? '')
  return !Number.isNaN(since) && Math.floor(current.at.getTime() / 1000) * 1000 <= since
}

/** What a change demands of the current version (undefined when there is none). */
export interface Precondition {
  readonly ifMatch: string | undefined
  readonly ifNoneMatch: string | undefined
}

/** Throws `precondition-failed` when the current version is not the one that the client knows. */
export function checkPrecondition(key: string, current: number | undefined, condition: Precondition): void {
  const { ifMatch, ifNoneMatch } = condition
  if (ifMatch !== undefined && (current === undefined || !names(ifMatch, current))) {
    const now = current === undefined ? 'it does not exist' : `its current version is ${etagOf(current)}`
    throw new AppError(
      'precondition-failed',
      `${key} is not at the version ${ifMatch.slice(0, 60)} that If-Match names: ${now}. Read it again and repeat the change`,
    )
  }
  if (ifNoneMatch !== undefined && current !== undefined && names(ifNoneMatch, current)) {
    throw new AppError('precondition-failed', `${key} exists already, which If-None-Match rules out`)
  }
}
