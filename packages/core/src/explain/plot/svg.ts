// SVG as text: elements with escaped attributes, a title and a description, and a table that says the same in words.
import { type PlotData, waterfallSteps } from './steps.ts'
import { type PlotWish, plainNumber, plotWords, signed } from './words.ts'

type Attributes = Readonly<Record<string, string | number | undefined>>

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text that is safe in XML; control characters, which XML forbids, are left out. */
export function escapeXml(text: string): string {
  const allowed = [...text].filter((one) => one >= ' ' || one === '\n' || one === '\t').join('')
  return allowed.replace(/[&<>"']/g, (one) => entities[one] ?? one)
}

/** An element; content must already be safe. Numbers are written with at most two decimals. */
export function element(name: string, attributes: Attributes, ...content: readonly string[]): string {
  const written = Object.entries(attributes).flatMap(([key, value]) => {
    if (value === undefined) return []
    return [` ${key}="${typeof value === 'number' ? Number(value.toFixed(2)) : escapeXml(value)}"`]
  })
  return `<${name}${written.join('')}>${content.join('')}</${name}>`
}

/** A link around content; only paths and web addresses lead anywhere. */
export function linked(href: string | undefined, ...content: readonly string[]): string {
  const isSafe = href !== undefined && /^(?:\/(?!\/)|https?:\/\/|#)/.test(href)
  return isSafe ? element('a', { href }, ...content) : content.join('')
}

/** Colours that differ in lightness too: what raises and what lowers. */
export const plotColours = { raises: '#b3261e', lowers: '#1f5fa8', quiet: '#6b7280' } as const

/** The frame: a labelled image in the reader's own text colour. */
export function svgFrame(
  frame: { readonly width: number; readonly height: number; readonly title: string; readonly description: string },
  ...content: readonly string[]
): string {
  const { width, height, title, description } = frame
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${width} ${Math.ceil(height)}`,
      role: 'img',
      'font-family': 'system-ui, sans-serif',
      'font-size': 13,
      fill: 'currentColor',
    },
    element('title', {}, escapeXml(title)),
    element('desc', {}, escapeXml(description)),
    ...content,
  )
}

/** The same figures as an HTML table, to stand beside the plot. */
export function plotTable(data: PlotData, wish: PlotWish): string {
  const { format = plainNumber, language, what } = wish
  const words = plotWords[language]
  const { steps } = waterfallSteps(data, data.items.length + 1, words.others)
  const cell = (text: string): string => element('td', {}, escapeXml(text))
  const head = [words.group, words.value, words.contribution].map((text) =>
    element('th', { scope: 'col' }, escapeXml(text)),
  )
  const row = (name: string, value: string, contribution: string, href?: string): string =>
    element('tr', {}, element('th', { scope: 'row' }, linked(href, escapeXml(name))), cell(value), cell(contribution))
  return element(
    'table',
    {},
    element('caption', {}, escapeXml(what)),
    element('thead', {}, element('tr', {}, ...head)),
    element(
      'tbody',
      {},
      row(words.base, '', format(data.base)),
      ...steps.map(({ name, value = '', contribution, href }) => row(name, value, signed(wish, contribution), href)),
      row(words.prediction, '', format(data.prediction)),
    ),
  )
}
