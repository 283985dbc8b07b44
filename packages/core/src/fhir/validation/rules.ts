// The invariants of the definitions as functions.
import type { Constraint } from './definitions.ts'
import type { Rule } from './elements/table.ts'
import { compileFhirPath } from './fhirpath/compile.ts'
import type { Item } from './fhirpath/items.ts'
import { type Node, textOf, type Walk } from './walk.ts'

// Checked elsewhere: on the contained resources, on the narrative, on references, and on every element and extension.
const elsewhere = new Set(['dom-2', 'dom-3', 'dom-4', 'dom-5', 'ref-1', 'txt-1', 'txt-2', 'ext-1', 'ele-1'])
// dom-6 advises a narrative on every resource: a hint to authors of documents, noise for a store of data.
const notReported = new Set(['dom-6'])

// The published expression contradicts its own words; the words count.
const corrected: Readonly<Record<string, string>> = {
  // "If there are more than one enableWhen, enableBehavior must be specified"; published: count() > 2.
  'que-12': 'enableWhen.count() > 1 implies enableBehavior.exists()',
  // "if Observation.effective[x] is dateTime and has a value then …"; published: nothing, and so no truth, for a Period.
  'vs-1': '($this is dateTime).not() or $this.toString().length() >= 8',
}

function itemOf(resource: Node): Item {
  return { value: resource, sibling: undefined, type: textOf(resource.resourceType) }
}

/** Makes the rule of an invariant for values of a type; undefined when it is checked elsewhere or not reported. */
export function ruleOf({ key, severity, human, expression }: Constraint, type: string): Rule | undefined {
  if (elsewhere.has(key) || notReported.has(key)) return undefined
  const evaluate = compileFhirPath(corrected[key] ?? expression)
  const holds = (value: unknown, walk: Walk): boolean => {
    const { resource, root } = walk.scope
    const truth = evaluate({
      context: { value, sibling: undefined, type },
      resource: itemOf(resource),
      rootResource: itemOf(root.resource),
    })
    // An error must be shown to be absent; a warning must be shown to be due.
    return severity === 'error' ? truth === true : truth !== false
  }
  return { key, severity, human, holds }
}
