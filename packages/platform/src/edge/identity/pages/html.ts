// HTML on the server: a template whose values are escaped, so that no page can say what was put in as text.

/** A piece of HTML that may be put into another as it is. */
export interface Html {
  readonly html: string
}

type Value = Html | string | number | undefined | false | readonly Html[]

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] ?? '')

function written(value: Value): string {
  if (value === undefined || value === false) return ''
  if (typeof value === 'object') return 'html' in value ? value.html : value.map(({ html: part }) => part).join('')
  return escaped(String(value))
}

/** Tagged template: text is escaped, {@link Html} and lists of it are put in as they are. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return { html: parts.map((part, at) => `${part}${written(values[at])}`).join('') }
}

/** Marks a text that the house itself wrote as HTML. */
export const trusted = (text: string): Html => ({ html: text })
