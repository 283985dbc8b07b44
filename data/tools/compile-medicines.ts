// Compiles the ANSM interaction thesaurus (English tables and classes, September 2016) into data/medicines.
// Run: node data/tools/compile-medicines.ts [folder with the two XML files; default ../shared/data/triage]
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { readTsv, type Row, writeTsv } from './read-tsv.ts'

interface Drug {
  readonly id: string
  name: string
  /** Other spellings of the source. */
  variants: Set<string>
  rxnorm: Set<string>
  atc: Set<string>
}

const out = new URL('../medicines/', import.meta.url)
const given = process.argv[2]
const source = given === undefined ? new URL('../../../shared/data/triage/', import.meta.url) : pathToFileURL(`${given}/`)
const read = (name: string): string => readFileSync(new URL(name, source), 'utf8')

const decode = (text: string): string =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll(/&#(\d{2,6});/g, (_all, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll('&amp;', '&')
    .replaceAll(/\s+/g, ' ')
    .trim()
const slug = (text: string): string =>
  decode(text)
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
// The tables spell classes in several ways; "OTHER X" in a rule about X means another member of X.
const classKey = (name: string): string =>
  slug(name.replace(/^other\s+/i, ''))
    .replace('acetyl-cholinesterase', 'acetylcholinesterase')
    .replace('medications-that-tend', 'substances-that-tend')
    .replace('oral-and-or-nasal-routes', 'oral-and-or-nasal')

// Two ids for one substance would hide the rules of the one from who writes the other.
const canonical = new Map(readTsv(new URL('same_substance.tsv', out)).map((row) => [row.written ?? '', row.drug ?? '']))
const drugs = new Map<string, Drug>()
function drugOf(name: string, rxnorm: string | undefined, codes: readonly string[]): string | undefined {
  const plain = decode(name).replace(/\s+known as .*$/i, '')
  const written = slug(plain)
  const id = canonical.get(written) ?? written
  if (id === '') return undefined
  const shown = id === written ? plain.toLowerCase() : id.replaceAll('-', ' ')
  const known: Drug = drugs.get(id) ?? { id, name: shown, variants: new Set(), rxnorm: new Set(), atc: new Set() }
  if (id !== written) known.variants.add(plain.toLowerCase())
  if (rxnorm !== undefined && rxnorm !== '') known.rxnorm.add(rxnorm)
  for (const code of codes) known.atc.add(code)
  drugs.set(id, known)
  return id
}

// The class file is not well-formed (drugs without an end), so it is read tag by tag.
const classes = new Map<string, { name: string; drugs: Set<string> }>()
function readClasses(text: string): void {
  const tags = /<CLASS name="([^"]*)"|<\/CLASS>|<DRUG name="([^"]*)"(?: rx(?:norm|cui)="([^"]*)")?|<ATC code="([^"]*)"/g
  const at: { class?: string; drug?: string } = {}
  for (const [tag, className, drugName, rxnorm, atc] of text.matchAll(tags)) {
    if (className !== undefined) {
      at.class = classKey(className)
      if (!classes.has(at.class)) classes.set(at.class, { name: decode(className), drugs: new Set() })
      delete at.drug
    } else if (tag === '</CLASS>') delete at.class
    else if (drugName !== undefined) {
      const id = drugOf(drugName, rxnorm, [])
      if (id === undefined) delete at.drug
      else {
        at.drug = id
        if (at.class !== undefined) classes.get(at.class)?.drugs.add(id)
      }
    } else if (atc !== undefined && at.drug !== undefined) drugs.get(at.drug)?.atc.add(atc)
  }
}

function severityOf(text: string): string | undefined {
  const plain = text.toLowerCase().replaceAll('0', 'o')
  const found = [
    /contra?in?d/.test(plain) ? 'contraindicated' : '',
    /no[tr] rec/.test(plain) ? 'not-recommended' : '',
    /precaution/.test(plain) ? 'precaution' : '',
    /ta[kl]e into/.test(plain) ? 'take-into-account' : '',
  ].filter((severity) => severity !== '')
  // Where one rule names several degrees (by dose), the middle one is told and nothing is refused.
  return found.length > 1 ? 'not-recommended' : found[0]
}

// Slips of the source, as words or phrases; a text keeps the case of its first letter.
const slips = readTsv(new URL('spelling.tsv', out)).map(({ written = '', meant = '' }) => {
  return { pattern: new RegExp(`\\b${written}\\b`, 'gi'), meant }
})
function mended(text: string): string {
  const cased = (found: string, meant: string): string =>
    /^[A-Z]/.test(found) ? meant.charAt(0).toUpperCase() + meant.slice(1) : meant
  return slips.reduce((sum, { pattern, meant }) => sum.replace(pattern, (found) => cased(found, meant)), text)
}

const counts = { rules: 0, kept: 0, withoutSeverity: 0, unknownClass: 0, self: 0 }
function sidesOf(block: string): readonly string[] {
  const names = [...block.matchAll(/<CLASS name="([^"]*)"|<DRUG name="([^"]*)"(?: rx(?:norm|cui)="([^"]*)")?>?([\s\S]*?)(?=<DRUG |<CLASS |$)/g)]
  return names.flatMap(([, className, drugName, rxnorm, rest = '']) => {
    if (className !== undefined) {
      const key = classKey(className)
      if (classes.has(key)) return [`class:${key}`]
      counts.unknownClass += 1
      return []
    }
    const codes = [...rest.matchAll(/<ATC code="([^"]*)"/g)].map(([, code = '']) => code)
    const id = drugOf(drugName ?? '', rxnorm, codes)
    return id === undefined ? [] : [`drug:${id}`]
  })
}

function readInteractions(text: string): readonly Row[] {
  const rows: Row[] = []
  const seen = new Set<string>()
  for (const [, block = ''] of text.matchAll(/<INTERACTION>([\s\S]*?)<\/INTERACTION>/g)) {
    counts.rules += 1
    const part = (tag: string): string => decode(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(block)?.[1] ?? '')
    const raw = (tag: string): string => new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(block)?.[1] ?? ''
    const severity = severityOf(part('SEVERITY'))
    if (severity === undefined) {
      counts.withoutSeverity += 1
      continue
    }
    for (const left of sidesOf(raw('DRUG1'))) {
      for (const right of sidesOf(raw('DRUG2'))) {
        const [first = '', second = ''] = [left, right].toSorted()
        const key = `${first}|${second}|${severity}|${part('DESCRIPTION')}`
        if (seen.has(key)) continue
        seen.add(key)
        if (first === second && first.startsWith('drug:')) {
          counts.self += 1
          continue
        }
        counts.kept += 1
        const [description, advice] = [mended(part('DESCRIPTION')), mended(part('COMMENT'))]
        const sides = { left_side: first, right_side: second }
        rows.push({ position: String(rows.length + 1), ...sides, severity, description, advice, source: 'ansm' })
      }
    }
  }
  return rows
}

readClasses(read('all_eng_classes_sept2016.xml'))
const interactions = readInteractions(read('all_eng_tables_sept2016.xml'))
const names = new Map(readTsv(new URL('drug_names.tsv', out)).map((row) => [row.drug ?? '', row.names ?? '']))
const unknownNames = [...names.keys()].filter((id) => !drugs.has(id))
for (const id of unknownNames) drugs.set(id, { id, name: id.replaceAll('-', ' '), variants: new Set(), rxnorm: new Set(), atc: new Set() })
const drugRows = [...drugs.values()]
  .toSorted((a, b) => (a.id < b.id ? -1 : 1))
  .map(({ id, name, variants, rxnorm, atc }) => ({
    id,
    name,
    names: [names.get(id) ?? '', ...variants].filter((text) => text !== '').join(';'),
    rxnorm: [...rxnorm].join(';'),
    atc: [...atc].join(';'),
  }))
writeTsv(new URL('drugs.tsv', out), ['id', 'name', 'names', 'rxnorm', 'atc'], drugRows)
writeTsv(
  new URL('classes.tsv', out),
  ['id', 'name', 'drugs'],
  [...classes].map(([id, one]) => ({ id, name: one.name, drugs: [...one.drugs].join(';') })),
)
writeTsv(
  new URL('interactions.tsv', out),
  ['position', 'left_side', 'right_side', 'severity', 'description', 'advice', 'source'],
  interactions,
)
process.stdout.write(`${JSON.stringify({ drugs: drugRows.length, classes: classes.size, ...counts, unknownNames })}\n`)
