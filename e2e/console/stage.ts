// The stage of the console's tests: a whole system with a cohort, and a real browser in front of it.
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cohort, cohortBundle } from '@xinglin/core/cohort'
import type { Bundle } from '@xinglin/core/fhir'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { freePorts, startSystem } from '../../packages/platform/src/cli/system.ts'
import { demoPassword } from '../../packages/platform/src/edge/gateway/index.ts'
import { prepareFolder } from '../../packages/platform/src/testing/prepared-folder.ts'
import { buildConsole } from '../../scripts/build-console.mjs'

// Where a browser may be; the one without windows first: the same engine for two thirds of the work.
const places = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/** Path of a Chromium, or undefined when there is none. */
export const chromiumPath = places.find((path) => path !== undefined && existsSync(path))

/** Why the tests are left out, and how to have them. */
export const noChromium =
  chromiumPath === undefined
    ? 'no Chromium found: install one (Debian: apt-get install chromium fonts-noto-cjk) or set CHROMIUM_PATH'
    : false

/** How a page is opened. */
export interface PageWish {
  readonly language?: 'en' | 'zh'
  readonly colours?: 'light' | 'dark'
  readonly widthPx?: number
}

/** The stage. */
export interface Stage {
  readonly url: string
  readonly databaseUrl: string
  readonly dataFolder: string
  /** A context in which somebody is signed in, or nobody. */
  open(persona: string | undefined, wish?: PageWish): Promise<BrowserContext>
  /** Has somebody else, or nobody, signed in in a context that stays warm. */
  change(context: BrowserContext, persona: string | undefined): Promise<void>
  close(): Promise<void>
}

const untilMs = Date.UTC(2026, 0, 1)
/** Id of a patient with more than 500 encounters. */
export const busyPatient = 'cohort-8-00003'
/** Id of the persona Zhang San’s own record. */
export const ownPatient = 'zhang-san'

const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']

/** The chart of the persona Zhang San. */
export function zhangSan(): Bundle {
  const text = JSON.stringify(cohortBundle({ seed: 9, patients: 10, untilMs }, 6))
  const bundle = JSON.parse(text.replaceAll('cohort-9-00006', ownPatient)) as Bundle
  const name = [{ use: 'official', family: '张', given: ['三'], text: '张三' }]
  const allergy = {
    resourceType: 'AllergyIntolerance',
    id: 'zhang-san-penicillin',
    criticality: 'high',
    code: { coding: [{ system: 'http://snomed.info/sct', code: '91936005', display: 'Allergy to penicillin' }] },
    clinicalStatus: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'active' }],
    },
    verificationStatus: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification', code: 'confirmed' }],
    },
    patient: { reference: `Patient/${ownPatient}` },
  }
  const request = { method: 'PUT', url: 'AllergyIntolerance/zhang-san-penicillin' }
  const entry = (bundle.entry ?? []).map((one) =>
    one.resource?.resourceType === 'Patient' ? { ...one, resource: { ...one.resource, name } } : one,
  )
  return { ...bundle, entry: [...entry, { resource: allergy, request }] }
}

function everybody(): readonly Bundle[] {
  return [
    ...cohort({ seed: 7, patients: 130, visits: 2, untilMs }),
    cohortBundle({ seed: 8, patients: 4, visits: 500, untilMs }, 3),
    zhangSan(),
  ]
}

async function load(url: string, bundles: readonly Bundle[]): Promise<void> {
  const signIn = await fetch(`${url}/auth/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password: demoPassword }),
  })
  const cookie = (signIn.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  const { csrfToken } = (await signIn.json()) as { readonly csrfToken: string }
  const headers = { cookie, 'x-csrf-token': csrfToken, 'content-type': 'application/fhir+json' }
  for (const bundle of bundles) {
    const answer = await fetch(`${url}/fhir`, { method: 'POST', headers, body: JSON.stringify(bundle) })
    if (!answer.ok) throw new Error(`The cohort was refused: ${answer.status} ${await answer.text()}`)
    await answer.arrayBuffer()
  }
}

// Signed in once a person: the gateway slows down those who try often.
async function signedIn(browser: Browser, url: string, persona: string): Promise<BrowserContext> {
  const context = await browser.newContext()
  const answer = await context.request.post(`${url}/auth/sign-in`, {
    data: { username: persona, password: demoPassword },
  })
  if (!answer.ok()) throw new Error(`${persona} was not signed in: ${answer.status()} ${await answer.text()}`)
  return context
}

/** Starts everything, with the people of some Bundles; a cohort and Zhang San unless others are given. */
export async function openStage(people: readonly Bundle[] = everybody()): Promise<Stage> {
  await buildConsole()
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-console-'))
  await prepareFolder(folder)
  const system = await startSystem(folder, {
    ...(await freePorts()),
    LOG_LEVEL: 'error',
    DEMO: 'true',
    OTEL_TRACES_SAMPLER_ARG: '1',
  })
  const url = system.state.gatewayUrl
  await load(url, people)
  const browser = await chromium.launch({ executablePath: chromiumPath ?? '', args: flags })
  const states = new Map<string, Awaited<ReturnType<BrowserContext['storageState']>>>()
  const stateOf = async (persona: string) => {
    const known = states.get(persona)
    if (known !== undefined) return known
    const context = await signedIn(browser, url, persona)
    const state = { ...(await context.storageState()), origins: [] }
    await context.close()
    states.set(persona, state)
    return state
  }
  return {
    url,
    databaseUrl: system.state.databaseUrl,
    dataFolder: folder,
    async open(persona, { language = 'en', colours = 'light', widthPx = 1280 } = {}) {
      const storageState = persona === undefined ? undefined : await stateOf(persona)
      return browser.newContext({
        locale: language === 'zh' ? 'zh-CN' : 'en-GB',
        colorScheme: colours,
        viewport: { width: widthPx, height: 844 },
        reducedMotion: 'reduce',
        ...(storageState === undefined ? {} : { storageState }),
      })
    },
    async change(context, persona) {
      await context.clearCookies()
      if (persona !== undefined) await context.addCookies([...(await stateOf(persona)).cookies])
    },
    async close() {
      await browser.close()
      await system.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Opens a page of the console and waits until everything that it asked for is there. */
export async function goTo(context: BrowserContext, stage: Stage, path: string): Promise<Page> {
  const page = context.pages()[0] ?? (await context.newPage())
  await page.goto(`${stage.url}/app${path}`)
  await settle(page)
  return page
}

/** Waits until nothing is being loaded. */
export async function settle(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle')
  await page.locator('h1').first().waitFor()
  await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' })
}
