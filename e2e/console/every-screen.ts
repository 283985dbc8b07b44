// Every screen of the console in both languages, light and dark, on a desk and on a phone. Without CONSOLE_SCREENS=all each
// screen is looked at in Chinese, wide or narrow in turn, and one in four in English too, so that all pairs are seen.
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { icuStayBundle } from '@xinglin/core/explain/icu'
import type { Page } from 'playwright-core'
import { accessibilityFaults, clippedTexts, contrastFaults, englishSentences, screenFaults } from './checks.ts'
import { computeEncrypted, makeKeysHere } from './encrypted.ts'
import { allowApp, openConsent, openSignIn, saveUser, signInThere } from './identity.ts'
import { busyPatient, goTo, type Stage, settle } from './stage.ts'
import { askToBreakGlass, breakTheGlass, whoBrokeGlass, withholdFromPharmacists } from './withheld.ts'

interface Screen {
  readonly name: string
  readonly persona: string | undefined
  readonly path: string
  /** What is done before the screen is looked at. */
  readonly prepare?: (page: Page) => Promise<unknown>
  /** True where that takes seconds of computation: looked at once, in Chinese. */
  readonly isDear?: true
}

// A patient types a symptom, chooses it, tells age and sex, and is asked the first question.
async function beginInterview(page: Page): Promise<void> {
  await page.locator('form input[type=text] >> nth=0').fill('headache')
  await page.locator('form ul button >> nth=0').click()
  await page.locator('form input[inputmode=numeric]').fill('40')
  await page.locator('form input[type=radio] >> nth=0').check()
  await page.locator('form button[type=submit]').click()
  await page.locator('section details').waitFor()
}

// A federation that waits for its first site.
async function openFederation(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const { csrfToken } = (await (await fetch('/auth/session')).json()) as { readonly csrfToken: string }
    const headers = { 'content-type': 'application/json', 'x-csrf-token': csrfToken }
    const body = JSON.stringify({ name: 'ICU', metric: 'auc' })
    await fetch('/api/v1/federations', { method: 'POST', headers, body })
  })
  await page.reload()
  await page.locator('main table a').first().click()
  await page.locator('h2').nth(2).waitFor()
  await settle(page)
}

// The newest request, with the details of its first step.
async function openTrace(page: Page): Promise<void> {
  await page.locator('main table a').first().click()
  await page.locator('main details').first().waitFor()
  await page.locator('main details summary').first().click()
  await settle(page)
}

// With the keyboard alone: a group of screens opens, the arrows go along it, Escape closes it, and a link of it leads on.
async function openGroup(page: Page): Promise<void> {
  const group = page.getByRole('button', { name: /^(Administration|管理)$/ })
  const focused = (): Promise<unknown> => page.evaluate('document.activeElement.getAttribute("href")')
  await group.focus()
  await page.keyboard.press('Enter')
  for (const address of ['/app/audit', '/app/accounts']) {
    await page.keyboard.press('ArrowDown')
    assert.equal(await focused(), address)
  }
  await page.keyboard.press('Escape')
  assert.equal(await group.getAttribute('aria-expanded'), 'false')
  await page.keyboard.press('Enter')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Enter')
  await page.waitForURL((address) => address.pathname === '/app/accounts')
  await group.click()
  await settle(page)
}

// Two days of intensive care, and the model's estimate of them.
async function assessRisk(page: Page): Promise<void> {
  const person = { seed: 21, patientId: 'icu-patient', family: 'Wang', given: 'Fang', birthDate: '1949-05-01' }
  await page.evaluate(
    async (bundle) => {
      const { csrfToken } = (await (await fetch('/auth/session')).json()) as { readonly csrfToken: string }
      const headers = { 'content-type': 'application/fhir+json', 'x-csrf-token': csrfToken }
      await fetch('/fhir', { method: 'POST', headers, body: JSON.stringify(bundle) })
    },
    icuStayBundle({ ...person, severity: 2, endMs: Date.now() - 60_000 }),
  )
  await page.reload()
  const button = page.getByRole('button', { name: /^(Assess|重新评估|评估最近)/ })
  await button.waitFor()
  await button.click()
  await page.locator('main table caption').waitFor({ timeout: 90_000 })
  await page.waitForLoadState('networkidle')
}

const chart = `/patients/${busyPatient}`
const chen = 'dr-chen'
const he = 'compliance-he'
const screens: readonly Screen[] = [
  { name: 'sign-in', persona: undefined, path: '/sign-in' },
  { name: 'patients', persona: chen, path: '/patients' },
  { name: 'patients, none found', persona: chen, path: '/patients?q=nobodyatall' },
  { name: 'summary', persona: chen, path: chart },
  { name: 'timeline', persona: chen, path: `${chart}/timeline` },
  { name: 'conditions', persona: chen, path: `${chart}/conditions` },
  { name: 'results', persona: chen, path: `${chart}/results` },
  { name: 'one test', persona: chen, path: `${chart}/results?code=${encodeURIComponent('http://loinc.org|85354-9')}` },
  { name: 'medications', persona: 'pharmacist-wu', path: `${chart}/medications` },
  { name: 'encounters', persona: chen, path: `${chart}/encounters` },
  { name: 'one encounter', persona: chen, path: `${chart}/encounters?encounter=${busyPatient}-v0` },
  { name: 'risk, not assessed', persona: chen, path: `${chart}/risk` },
  { name: 'risk', persona: chen, path: '/patients/icu-patient/risk', prepare: assessRisk, isDear: true },
  { name: 'own record', persona: 'zhang-san', path: '/' },
  { name: 'own privacy', persona: 'zhang-san', path: '/patients/zhang-san/privacy', prepare: withholdFromPharmacists },
  { name: 'a withheld chart', persona: 'pharmacist-wu', path: '/patients/zhang-san', prepare: askToBreakGlass },
  { name: 'a broken glass', persona: 'pharmacist-wu', path: '/patients/zhang-san', prepare: breakTheGlass },
  { name: 'who broke it', persona: 'zhang-san', path: '/patients/zhang-san/privacy', prepare: whoBrokeGlass },
  { name: 'broken glasses in the trail', persona: he, path: '/audit?purpose=BTG' },
  { name: 'triage, begin', persona: 'zhang-san', path: '/triage' },
  { name: 'triage, a question', persona: 'zhang-san', path: '/triage', prepare: beginInterview },
  {
    name: 'triage, care card',
    persona: 'zhang-san',
    path: '/triage',
    prepare: async (page) => {
      await beginInterview(page)
      await page.locator('section button >> nth=-1').click()
      await page.locator('section dl').waitFor()
    },
  },
  {
    name: 'triage, a clinician reads it',
    persona: chen,
    path: '/triage',
    prepare: async (page) => {
      await page.locator('table a >> nth=0').click()
      await page.locator('main ol, main section').first().waitFor()
      await settle(page)
      await page.locator('main h1').waitFor()
    },
  },
  { name: 'no such patient', persona: chen, path: '/patients/nobody' },
  { name: 'forbidden patients', persona: 'operator-sun', path: '/patients' },
  { name: 'forbidden trail', persona: chen, path: '/audit' },
  { name: 'imaging, nothing stored', persona: 'dr-lin', path: '/imaging' },
  { name: 'no such study', persona: 'dr-lin', path: '/imaging/study?study=1.2.3' },
  { name: 'audit trail', persona: he, path: '/audit' },
  { name: 'one event', persona: he, path: '/audit?event=1' },
  {
    name: 'encrypted computation',
    persona: 'data-scientist-guo',
    path: '/private',
    prepare: computeEncrypted,
    isDear: true,
  },
  {
    name: 'keys from the browser',
    persona: 'data-scientist-guo',
    path: '/private',
    prepare: makeKeysHere,
    isDear: true,
  },
  { name: 'forbidden encrypted computation', persona: 'operator-sun', path: '/private' },
  { name: 'system', persona: 'data-scientist-guo', path: '/system' },
  { name: 'traces', persona: 'operator-sun', path: '/traces' },
  { name: 'one trace', persona: he, path: '/traces', prepare: openTrace },
  { name: 'no such trace', persona: he, path: `/traces/${'a'.repeat(32)}` },
  { name: 'forbidden traces', persona: chen, path: '/traces' },
  { name: 'federations', persona: 'data-scientist-guo', path: '/federations' },
  { name: 'forbidden federations', persona: chen, path: '/federations' },
  { name: 'one federation', persona: 'data-scientist-guo', path: '/federations', prepare: openFederation },
  { name: 'models', persona: 'operator-sun', path: '/models' },
  { name: 'operations', persona: 'operator-sun', path: '/operations' },
  { name: 'forbidden operations', persona: chen, path: '/operations' },
  { name: 'forbidden models', persona: 'zhang-san', path: '/models' },
  { name: 'one model', persona: 'data-scientist-guo', path: '/models?model=icu_mortality_lstm' },
  { name: 'users and apps', persona: 'admin', path: '/accounts', prepare: saveUser },
  { name: 'forbidden users and apps', persona: 'operator-sun', path: '/accounts' },
  { name: 'own account', persona: 'zhang-san', path: '/account' },
  { name: 'sign-in page of its own', persona: undefined, path: '/sign-in', prepare: openSignIn },
  { name: 'consent to an app', persona: 'admin', path: '/system', prepare: openConsent },
  { name: 'own account after an app was allowed', persona: 'admin', path: '/system', prepare: allowApp },
  { name: 'patients, signed in at the own page', persona: undefined, path: '/sign-in', prepare: signInThere },
  { name: 'groups of the navigation', persona: 'admin', path: '/patients', prepare: openGroup },
  { name: 'no such page', persona: chen, path: '/nowhere' },
  {
    name: 'command bar',
    persona: chen,
    path: '/patients',
    prepare: async (page) => {
      await page.keyboard.press('Control+k')
      await page.locator('dialog input').fill('zhang')
      await page.locator('[role=option] >> nth=2').waitFor()
    },
  },
]
type Pair = readonly [language: 'en' | 'zh', widthPx: number]

const everyPair: readonly Pair[] = [
  ['zh', 390],
  ['en', 1280],
  ['zh', 1280],
  ['en', 390],
]
const turns: readonly (readonly Pair[])[] = [
  [
    ['zh', 390],
    ['en', 1280],
  ],
  [['zh', 1280]],
  [['zh', 390]],
  [['zh', 1280]],
  [
    ['zh', 390],
    ['en', 390],
  ],
  [['zh', 1280]],
  [['zh', 390]],
  [['zh', 1280]],
]

function pairsOf({ isDear }: Screen, index: number): readonly Pair[] {
  if (process.env.CONSOLE_SCREENS === 'all') return everyPair
  const pairs = turns[index % turns.length] ?? []
  return isDear === true ? pairs.slice(0, 1) : pairs
}

/** One page a language, in which one after the other signs in: what one screen has loaded and compiled, the next one has. */
type Pages = Readonly<Record<Pair[0], Page>>

async function openPages(stage: Stage): Promise<Pages> {
  const pageIn = async (language: Pair[0]) => (await stage.open(undefined, { language })).newPage()
  return { en: await pageIn('en'), zh: await pageIn('zh') }
}

async function look(page: Page, [language, widthPx]: Pair): Promise<readonly string[]> {
  return (await screenFaults(page, language)).map((fault) => `${language} ${widthPx}: ${fault}`)
}

async function lookAt(stage: Stage, page: Page, screen: Screen, pair: Pair): Promise<readonly string[]> {
  const context = page.context()
  await page.goto(`${stage.url}/health/live`) // the app must not see that somebody else is signed in
  await stage.change(context, screen.persona)
  await page.setViewportSize({ width: pair[1], height: 844 })
  await goTo(context, stage, screen.path)
  await screen.prepare?.(page)
  return look(page, pair)
}

async function lookInTurn(stage: Stage, pages: Pages, screen: Screen, pairs: readonly Pair[]) {
  const found: string[] = []
  for (const pair of pairs) found.push(...(await lookAt(stage, pages[pair[0]], screen, pair)))
  return found
}

const faulty = `document.querySelector('main').insertAdjacentHTML('beforeend',
  '<p style="color:#ccc;background:#fff">These are English words</p>' +
  '<button style="width:30px;overflow:hidden;white-space:nowrap">Cut off here</button>' +
  '<div style="width:3000px">.</div>')`

async function findsFaults(stage: Stage): Promise<void> {
  const context = await stage.open(undefined, { language: 'zh' })
  const page = await goTo(context, stage, '/sign-in')
  await page.evaluate(faulty)
  assert.match((await accessibilityFaults(page)).join(), /color-contrast/)
  assert.match((await contrastFaults(page)).join(), /color-contrast/)
  assert.match((await clippedTexts(page)).join(), /BUTTON Cut off here.*wider than the window/)
  assert.match((await englishSentences(page)).join(), /These are English words/)
  await context.close()
}

/** Looks at every screen, each in a test of its own, after a proof that the checks find what they look for. */
export async function looksAtEveryScreen(t: TestContext, stage: Stage): Promise<void> {
  const pages = await openPages(stage)
  await t.test('the checks find what they look for', () => findsFaults(stage))
  for (const [index, screen] of screens.entries()) {
    await t.test(`${screen.name}: accessible, nothing cut off, no English in Chinese`, async () => {
      const byLanguage = Object.values(Object.groupBy(pairsOf(screen, index), ([language]) => language))
      const found = await Promise.all(byLanguage.map((pairs) => lookInTurn(stage, pages, screen, pairs)))
      assert.deepEqual(found.flat(), [])
    })
  }
}
