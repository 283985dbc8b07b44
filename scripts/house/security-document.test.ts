// docs/security.md speaks of files that are there and of all ten risks.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { root } from './source-files.ts'

const page = new URL('docs/security.md', pathToFileURL(root))
const text = readFileSync(page, 'utf8')

test('every linked file is there', () => {
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
  assert.ok(links.length > 20)
  assert.deepEqual(
    links.filter((link) => !existsSync(new URL(link, page))),
    [],
  )
})

test('each of the ten risks has what is done, what shows it and what is left', () => {
  const risks = text.split(/^### API/m).slice(1)
  assert.deepEqual(
    risks.map((risk) => Number.parseInt(risk, 10)),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  )
  for (const risk of risks) {
    assert.match(risk, /\.test\.ts\]\(/, risk.slice(0, 40))
    assert.match(risk, /Left: /, risk.slice(0, 40))
  }
})
