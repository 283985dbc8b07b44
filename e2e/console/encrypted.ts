// The whole way of an encrypted number on the screen: context, contribution, computation, and the result read on one's own machine.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { publicPartOf, readTensealContext, tutorialChoice, writeTensealContext } from '@xinglin/core/ckks'
import type { Locator, Page } from 'playwright-core'
import { makeOwnKeys, openOwnContext } from '../../packages/platform/src/cli/private/own-keys.ts'

async function sendFile(form: Locator, bytes: Uint8Array): Promise<void> {
  const file = { name: 'a.tenseal', mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) }
  await form.locator('input[type=file]').setInputFiles(file)
  await form.locator('button[type=submit]').click()
}

/** Sends a secret key (refused), a public context and an encrypted 35; has 35 · 0.5 + 10 computed and decrypts 27.50. */
export async function computeEncrypted(page: Page): Promise<void> {
  const secret = await makeOwnKeys(tutorialChoice, [], 3)
  const own = await openOwnContext(secret)
  const forms = page.locator('main form')
  try {
    await sendFile(forms.nth(0), writeTensealContext(secret))
    await page.getByRole('alert').waitFor()
    const known = await page.locator('main table a').count()
    await sendFile(forms.nth(0), writeTensealContext(publicPartOf(secret)))
    await page.locator('main table a').nth(known).waitFor()
    await page.locator('main table a').first().click() // the newest one
    await sendFile(forms.nth(1), own.encrypt([35]))
    await forms.nth(2).locator('button[type=submit]').click()
    const link = page.locator('main a[download]')
    await link.waitFor()
    const [download] = await Promise.all([page.waitForEvent('download'), link.click()])
    const bytes = new Uint8Array(await readFile(await download.path()))
    assert.equal(own.decrypt(bytes)[0]?.toFixed(2), '27.50')
    await page.evaluate('scrollTo(0, 0)') // else the bar at the top may cover half of something
  } finally {
    own.close()
  }
}

async function saved(page: Page, link: Locator): Promise<Uint8Array> {
  const [download] = await Promise.all([page.waitForEvent('download'), link.click()])
  return new Uint8Array(await readFile(await download.path()))
}

// In the page, so written as text: the smallest module there is.
const compileHere = `WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])).then(() => 'compiled', () => 'refused')`

// What the server holds of it; as base64, because a page gives an array back number by number.
async function newestContext(page: Page): Promise<Uint8Array> {
  const text = await page.evaluate(async () => {
    const base = '/api/v1/private/contexts'
    const { contexts } = (await (await fetch(base)).json()) as { readonly contexts: readonly { readonly id: string }[] }
    const bytes = new Uint8Array(await (await fetch(`${base}/${contexts[0]?.id}/bytes`)).arrayBuffer())
    const letters: string[] = []
    for (let at = 0; at < bytes.length; at += 30_000)
      letters.push(String.fromCharCode(...bytes.subarray(at, at + 30_000)))
    return btoa(letters.join(''))
  })
  return Buffer.from(text, 'base64')
}

/** Makes keys in the browser and saves both files; nothing but the public one is sent, and the page itself compiles nothing. */
export async function makeKeysHere(page: Page): Promise<void> {
  const sent: string[] = []
  page.on('request', (request) => {
    if (request.method() !== 'GET') sent.push(new URL(request.url()).pathname)
  })
  const part = page
    .locator('main section')
    .filter({ has: page.locator('select') })
    .last()
  await part.getByRole('button', { name: /^(Make keys|生成密钥)$/ }).click()
  await part.getByRole('status').waitFor({ timeout: 60_000 })
  const secret = readTensealContext(await saved(page, part.locator('a[download="secret.tenseal"]')))
  const shared = await saved(page, part.locator('a[download="public.tenseal"]'))
  assert.ok(secret.secretKey !== undefined && readTensealContext(shared).secretKey === undefined)
  assert.deepEqual(sent, [])
  await part.getByRole('button', { name: /^(Send the public context|发送公开上下文)$/ }).click()
  await part.getByText(/^(Public context sent|公开上下文已发送)$/).waitFor()
  assert.deepEqual(sent, ['/api/v1/private/contexts'])
  assert.equal(Buffer.compare(await newestContext(page), shared), 0)
  const [given, own] = await Promise.all([openOwnContext(readTensealContext(shared)), openOwnContext(secret)])
  assert.equal(own.decrypt(given.encrypt([27.5]))[0]?.toFixed(2), '27.50')
  given.close()
  own.close()
  assert.equal(await page.evaluate(compileHere), 'refused')
  await page.evaluate('scrollTo(0, 0)')
}
