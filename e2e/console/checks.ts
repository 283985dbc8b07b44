// What holds on every screen of the console: no accessibility fault, nothing clipped, no English sentence in Chinese.
import axe from 'axe-core'
import type { Page } from 'playwright-core'

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

interface AxeResult {
  readonly violations: readonly {
    readonly id: string
    readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary?: string }[]
  }[]
}

async function runAxe(page: Page, options: object): Promise<readonly string[]> {
  if ((await page.evaluate('typeof axe')) === 'undefined') await page.evaluate(axe.source)
  const result = await page.evaluate<AxeResult>(
    `axe.run(document, ${JSON.stringify({ ...options, resultTypes: ['violations'] })})`,
  )
  return result.violations.map(
    ({ id, nodes }) => `${id}: ${nodes[0]?.target.join(' ')} ${nodes[0]?.failureSummary ?? ''}`,
  )
}

/** The accessibility faults of what is shown, each with its first place. */
export const accessibilityFaults = (page: Page) => runAxe(page, { runOnly: rules })

/** Only what depends on colours: texts with too little contrast. */
export const contrastFaults = (page: Page) => runAxe(page, { runOnly: ['color-contrast', 'link-in-text-block'] })

// Texts that must be readable whole: what is pressed, and what names other things. Cells of tables may end in an ellipsis.
const clipped = `(() => {
  const names = 'h1, h2, h3, label, legend, th, button, .mantine-Button-label, nav a, dt, [role=status]'
  const isHidden = (element) => element.closest('.visually-hidden') !== null || element.getClientRects().length === 0
  const isCut = (element) => {
    const style = getComputedStyle(element)
    if (style.clipPath !== 'none' || element.clientWidth < 2) return false
    return style.overflowX !== 'visible' && element.scrollWidth > element.clientWidth + 1
  }
  return [...document.querySelectorAll(names)]
    .filter((element) => !isHidden(element) && isCut(element))
    .map((element) => element.tagName + ' ' + element.textContent.slice(0, 60))
})()`

/** Texts that are cut off, and whether the page is wider than the window. */
export async function clippedTexts(page: Page): Promise<readonly string[]> {
  const wide = await page.evaluate<number>(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  )
  const cut = await page.evaluate<string[]>(clipped)
  return wide > 0 ? [...cut, `the page is ${wide} px wider than the window`] : cut
}

// Three English words in a row; what is marked as English (a switch, the record's own words) is no fault.
const english = `(() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const found = []
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement
    if (parent === null || parent.closest('[lang=en], script, style, code') !== null) continue
    const text = walker.currentNode.textContent
    if (/[A-Za-z]{2,}[ ,]+[A-Za-z]{2,}[ ,]+[A-Za-z]{2,}/.test(text)) found.push(text.slice(0, 80))
  }
  for (const element of document.querySelectorAll('[aria-label], [placeholder], [title]')) {
    if (element.closest('[lang=en]') !== null) continue
    for (const name of ['aria-label', 'placeholder', 'title']) {
      const text = element.getAttribute(name) ?? ''
      if (/[A-Za-z]{2,}[ ,]+[A-Za-z]{2,}[ ,]+[A-Za-z]{2,}/.test(text)) found.push(name + ': ' + text.slice(0, 80))
    }
  }
  return found
})()`

/** English sentences on what should be a Chinese screen. */
export function englishSentences(page: Page): Promise<readonly string[]> {
  return page.evaluate<string[]>(english)
}

/** All that is wrong with what a page shows, in light and in dark, which differ in colours alone; light again afterwards. */
export async function screenFaults(page: Page, language: 'en' | 'zh'): Promise<readonly string[]> {
  const light = [
    ...(await accessibilityFaults(page)),
    ...(await clippedTexts(page)).map((text) => `cut off: ${text}`),
    ...(language === 'zh' ? await englishSentences(page) : []).map((text) => `English: ${text}`),
  ]
  await page.emulateMedia({ colorScheme: 'dark' })
  const dark = (await contrastFaults(page)).map((fault) => `dark: ${fault}`)
  await page.emulateMedia({ colorScheme: 'light' })
  return [...light, ...dark]
}
