// Looking into Bundles: which resources a search found, which came along, where the next page is.
import assert from 'node:assert/strict'
import { type Answer, partOf } from './answer.ts'
import type { Client, Resource } from './client.ts'

/** A searchset or history, taken apart. */
export interface Found {
  readonly answer: Answer
  /** Ids of the matches in their order. */
  readonly ids: readonly string[]
  /** `Type/id` of what came along, sorted. */
  readonly included: readonly string[]
  /** Issues of the entry with mode outcome. */
  readonly outcomes: readonly unknown[]
  readonly entries: readonly unknown[]
  readonly total: number | undefined
  link(relation: string): string | undefined
}

/** Takes a Bundle apart; fails the check when it is none. */
export function foundIn(answer: Answer): Found {
  answer.expect(200)
  assert.equal(answer.at('resourceType'), 'Bundle', `${answer.asked} returned no Bundle`)
  const entries = (answer.at('entry') ?? []) as readonly unknown[]
  const ofMode = (mode: string) => entries.filter((entry) => (partOf(entry, 'search.mode') ?? 'match') === mode)
  const total = answer.at('total')
  return {
    answer,
    entries,
    ids: ofMode('match').map((entry) => String(partOf(entry, 'resource.id'))),
    included: ofMode('include').map(nameOf).toSorted(),
    outcomes: ofMode('outcome').flatMap((entry) => (partOf(entry, 'resource.issue') ?? []) as readonly unknown[]),
    total: typeof total === 'number' ? total : undefined,
    link: (relation) => linkOf(answer, relation),
  }
}

function nameOf(entry: unknown): string {
  return `${partOf(entry, 'resource.resourceType')}/${partOf(entry, 'resource.id')}`
}

function linkOf(answer: Answer, relation: string): string | undefined {
  const links = (answer.at('link') ?? []) as readonly unknown[]
  const url = links.map((link) => (partOf(link, 'relation') === relation ? partOf(link, 'url') : undefined))
  return url.find((one) => typeof one === 'string')
}

/** Searches, e.g. `Patient?name=x`. */
export async function search(client: Client, query: string, headers: Readonly<Record<string, string>> = {}) {
  return foundIn(await client.send('GET', `/${query}`, { headers }))
}

/** Follows next links from an answer to the end and returns every page; fails the check after 100 pages. */
export async function pages(client: Client, first: Found): Promise<readonly Found[]> {
  const all = [first]
  for (;;) {
    const next = all.at(-1)?.link('next')
    if (next === undefined) return all
    assert.ok(all.length < 100, `${first.answer.asked} has more than 100 pages`)
    all.push(foundIn(await client.send('GET', next)))
  }
}

/** An entry of a batch or transaction. */
export function entry(method: string, url: string, more: Readonly<Record<string, unknown>> = {}): Resource {
  const { resource, fullUrl, ...request } = more
  return {
    ...(fullUrl === undefined ? {} : { fullUrl }),
    ...(resource === undefined ? {} : { resource }),
    request: { method, url, ...request },
  }
}

/** Sends a Bundle of entries to the base. */
export async function sendBundle(
  client: Client,
  type: 'batch' | 'transaction',
  entries: readonly unknown[],
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return await client.send('POST', '', { body: { resourceType: 'Bundle', type, entry: entries }, headers })
}

/** The leading numbers of the statuses of a response Bundle, in the order of its entries. */
export function statusesOf(answer: Answer): readonly number[] {
  const entries = (answer.at('entry') ?? []) as readonly unknown[]
  return entries.map((one) => Number.parseInt(String(partOf(one, 'response.status')), 10))
}
