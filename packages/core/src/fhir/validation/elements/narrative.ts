// Narrative safety: the XHTML of a narrative holds only formatting, never anything that acts
// (http://hl7.org/fhir/R4/narrative.html#security; invariants txt-1 and txt-2).
import { SaxesParser } from 'saxes'
import { quote, type Walk } from '../walk.ts'

const xhtml = 'http://www.w3.org/1999/xhtml'
const deepest = 200
const maxFindings = 5

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '))

const elements = words(
  'p br div h1 h2 h3 h4 h5 h6 a span b em i strong small big tt dfn q var abbr acronym cite blockquote hr address bdo ' +
    'kbd samp code pre sub sup ul ol li dl dt dd table caption colgroup col thead tr tfoot tbody th td img map area ' +
    'ins del u s strike center font label',
)
const attributes = words(
  'title style class id lang xml:lang dir accesskey tabindex xml:space xmlns name href rel rev hreflang type charset ' +
    'target src alt width height border align valign char charoff abbr axis headers scope rowspan colspan span summary ' +
    'cellspacing cellpadding frame rules longdesc usemap ismap shape coords nohref compact start value cite datetime ' +
    'color size face bgcolor nowrap for clear noshade',
)
// Schemes that run something when followed; everything else only names a place.
const activeAddress = /^(?:javascript|vbscript|data(?!:image\/(?:png|gif|jpe?g|webp)[;,])):/i
// Browsers pass over control characters and blanks in addresses.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
const passedOver = /[\u0000-\u0020\u007f-\u00a0]/g
const activeStyle = /expression\s*\(|javascript:|behavior\s*:|-moz-binding|@import/i

/** A style as browsers read it: without comments and with its escapes resolved. */
function plainStyle(style: string): string {
  return style
    .replace(/\/\*.*?(?:\*\/|$)/gs, '')
    .replace(/\\([0-9a-f]{1,6})\s?/gi, (_all, code: string) =>
      String.fromCodePoint(Math.min(parseInt(code, 16), 0x10ffff)),
    )
    .replaceAll('\\', '')
}

interface Finding {
  readonly rule: string
  readonly text: string
}

class Reader {
  readonly findings: Finding[] = []
  depth = 0
  hasContent = false

  find(rule: string, text: string): void {
    this.findings.push({ rule, text })
    if (this.findings.length >= maxFindings) throw new Enough()
  }

  /** The last finding. */
  end(rule: string, text: string): never {
    this.findings.push({ rule, text })
    throw new Enough()
  }

  open(
    name: string,
    tag: { readonly uri?: string; readonly attributes: Readonly<Record<string, { readonly value: string }>> },
  ): void {
    this.depth += 1
    if (this.depth === 1 && name !== 'div') this.find('txt-1', `the outermost element must be div, not ${name}`)
    if (tag.uri !== xhtml) this.find('txt-1', `the element ${name} must be in the namespace ${xhtml}`)
    if (!elements.has(name)) this.find('txt-1', `the element ${name} is not allowed`)
    if (name === 'img' || name === 'hr') this.hasContent = true
    for (const [key, { value }] of Object.entries(tag.attributes)) this.attribute(name, key, value)
  }

  attribute(element: string, key: string, value: string): void {
    if (key.startsWith('xmlns:')) return
    if (!attributes.has(key)) this.find('txt-1', `the attribute ${key} of ${element} is not allowed`)
    if ((key === 'href' || key === 'src' || key === 'cite') && activeAddress.test(value.replace(passedOver, ''))) {
      this.find('txt-1', `the ${key} of ${element} must not run anything`)
    }
    if (key === 'style' && activeStyle.test(plainStyle(value)))
      this.find('txt-1', `the style of ${element} must not run anything`)
  }
}

/** Thrown to leave the parser: every error of its own costs it more than the text that caused it. */
class Enough extends Error {}

function read(text: string): Reader {
  const reader = new Reader()
  const parser = new SaxesParser({ xmlns: true, fragment: false })
  // HTML's named characters are part of FHIR narratives although XML does not know them.
  Object.assign(parser.ENTITIES, namedCharacters)
  parser.on('opentag', (tag) => {
    reader.open(tag.name, tag)
    if (reader.depth > deepest) reader.end('txt-1', `elements are nested more than ${deepest} deep`)
  })
  parser.on('closetag', () => {
    reader.depth -= 1
  })
  parser.on('text', (content) => {
    if (!reader.hasContent && content.trim() !== '') reader.hasContent = true
  })
  parser.on('doctype', () => reader.find('txt-1', 'a document type is not allowed'))
  parser.on('processinginstruction', () => reader.find('txt-1', 'a processing instruction is not allowed'))
  parser.on('error', (error) =>
    reader.find('txt-1', `it is not well-formed XML (${error.message.replace(/^undefined:/, '')})`),
  )
  try {
    parser.write(text).close()
  } catch (error) {
    if (!(error instanceof Enough)) throw error
  }
  return reader
}

const latin =
  'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro ' +
  'para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil ' +
  'Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave ' +
  'Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml ' +
  'igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute ' +
  'thorn yuml'
const namedCharacters: Readonly<Record<string, string>> = {
  ...Object.fromEntries(latin.split(' ').map((name, index) => [name, String.fromCharCode(160 + index)])),
  ndash: '–',
  mdash: '—',
  lsquo: '‘',
  rsquo: '’',
  sbquo: '‚',
  ldquo: '“',
  rdquo: '”',
  bdquo: '„',
  bull: '•',
  hellip: '…',
  euro: '€',
  trade: '™',
  larr: '←',
  rarr: '→',
  le: '≤',
  ge: '≥',
  ne: '≠',
  infin: '∞',
  minus: '−',
  ensp: '\u2002',
  emsp: '\u2003',
  thinsp: '\u2009',
  zwnj: '\u200c',
  zwj: '\u200d',
  dagger: '†',
  Dagger: '‡',
  permil: '‰',
  alpha: 'α',
  beta: 'β',
  gamma: 'γ',
  delta: 'δ',
  Delta: 'Δ',
  mu: 'μ',
  pi: 'π',
  sigma: 'σ',
  omega: 'ω',
}

/** Checks the `div` of a narrative: well-formed, only formatting, in the XHTML namespace, and not empty. */
export function checkNarrative(value: unknown, walk: Walk): void {
  if (typeof value !== 'string') return
  if (!value.trimStart().startsWith('<')) {
    walk.error(
      'invalid',
      'txt-1',
      `The narrative must be a div element in the namespace ${xhtml}, not ${quote(value)}.`,
    )
    return
  }
  const reader = read(value)
  for (const { rule, text } of reader.findings) {
    walk.error('invalid', rule, `The narrative must only have basic formatting: ${text}.`)
  }
  if (reader.findings.length === 0 && !reader.hasContent) {
    walk.error('invalid', 'txt-2', 'The narrative has no content; write text or leave it out.')
  }
}
