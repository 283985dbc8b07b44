// What a client accepts (PS3.18 sections 8.7.4 and 8.7.5): media types with their parameters, best first (pure).
import { AppError } from '@xinglin/core/errors'

/** One accepted media type. */
export interface Accepted {
  /** Lower case, e.g. `application/dicom`; for a multipart the type of its parts. May be or end in `*`. */
  readonly mediaType: string
  readonly isMultipart: boolean
  /** UID, or `*`: as it is stored. */
  readonly transferSyntax: string | undefined
  readonly quality: number
}

const maxHeaderCharacters = 4096
const maxTypes = 50

// Commas and semicolons inside quotes separate nothing.
function split(text: string, separator: ',' | ';'): readonly string[] {
  const parts = text.match(separator === ',' ? /(?:[^,"]|"[^"]*")+/g : /(?:[^;"]|"[^"]*")+/g) ?? []
  return parts.map((part) => part.trim())
}

function parameter(texts: readonly string[], name: string): string | undefined {
  const found = texts.find((text) => text.toLowerCase().startsWith(`${name}=`))
  return found
    ?.slice(name.length + 1)
    .replace(/^"|"$/g, '')
    .trim()
}

function parseOne(text: string): Accepted {
  const [range = '', ...parameters] = split(text, ';')
  const isMultipart = range.toLowerCase() === 'multipart/related'
  const quality = Number(parameter(parameters, 'q') ?? 1)
  return {
    mediaType: (isMultipart ? (parameter(parameters, 'type') ?? '*/*') : range).toLowerCase(),
    isMultipart,
    transferSyntax: parameter(parameters, 'transfer-syntax'),
    quality: Number.isFinite(quality) ? quality : 0,
  }
}

/**
 * The accepted types of a header, or of the parameter `accept` which goes before it; nothing said means anything.
 * @throws AppError 'not-acceptable' for a header without end
 */
export function parseAccept(header: string | undefined, parameterValue?: string): readonly Accepted[] {
  const text = parameterValue ?? header ?? '*/*'
  if (text.length > maxHeaderCharacters) throw new AppError('not-acceptable', 'The list of accepted types is too long')
  return split(text, ',')
    .slice(0, maxTypes)
    .map(parseOne)
    .filter(({ quality }) => quality > 0)
    .toSorted((a, b) => b.quality - a.quality)
}

/** Says whether an accepted range covers a media type. */
export function covers(range: string, mediaType: string): boolean {
  return range === '*/*' || range === mediaType || (range.endsWith('/*') && mediaType.startsWith(range.slice(0, -1)))
}

/**
 * The first of the types offered, in the client's order, that is accepted.
 * @throws AppError 'not-acceptable'
 */
export function chooseType(accepted: readonly Accepted[], offered: readonly string[]): string {
  for (const { mediaType } of accepted) {
    const found = offered.find((one) => covers(mediaType, one))
    if (found !== undefined) return found
  }
  throw new AppError('not-acceptable', `This is served as ${offered.join(' or ')}`)
}
