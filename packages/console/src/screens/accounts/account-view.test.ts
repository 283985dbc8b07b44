// What the forms say: only what the kind has, and nothing empty.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientWish, userWish, wordsOf } from './account-view.ts'

function form(fields: Readonly<Record<string, string | readonly string[]>>): FormData {
  const made = new FormData()
  for (const [name, value] of Object.entries(fields)) for (const one of [value].flat()) made.append(name, one)
  return made
}

test('a user has the roles that were ticked, and no empty fields', () => {
  const wish = userWish(form({ name: ' He Li ', roles: ['admin', 'clinician', 'system'], patient: '', actor: ' ' }))
  assert.deepEqual(wish, { name: 'He Li', roles: ['clinician', 'admin'], enabled: false })
  assert.equal(userWish(form({ name: 'x', enabled: 'on' })).enabled, true)
})

test('a client says what its kind has', () => {
  const fields = {
    id: 'a',
    name: 'A',
    scopes: 'openid  patient/*.rs',
    redirectUris: 'https://a/\nhttps://b/',
    role: 'clinician',
  }
  const keys = { ...fields, jwksUri: 'https://a/jwks' }
  assert.deepEqual(clientWish(form({ ...keys, kind: 'public' })), {
    id: 'a',
    kind: 'public',
    name: 'A',
    scopes: ['openid', 'patient/*.rs'],
    redirectUris: ['https://a/', 'https://b/'],
    roles: [],
  })
  const { redirectUris, roles, jwksUri } = clientWish(form({ ...keys, kind: 'backend' }))
  assert.deepEqual(
    { redirectUris, roles, jwksUri },
    { redirectUris: [], roles: ['clinician'], jwksUri: 'https://a/jwks' },
  )
  assert.deepEqual(wordsOf(' a, b\n c '), ['a', 'b', 'c'])
})
