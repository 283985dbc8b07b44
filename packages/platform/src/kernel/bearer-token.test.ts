// Only the very token is taken, whatever its length and however the scheme is spelt.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bearerOf, holdsToken, isSameSecret } from './bearer-token.ts'

test('the token is taken out of Authorization, whichever way the scheme is spelt', () => {
  for (const value of ['Bearer a.b-c', 'bearer a.b-c', 'BEARER   a.b-c']) assert.equal(bearerOf(value), 'a.b-c')
  for (const value of [undefined, '', 'Bearer', 'Bearer ', 'Basic a.b-c', 'Bearer a b', ' Bearer a'])
    assert.equal(bearerOf(value), undefined, value)
})

test('no other token is taken, shorter or longer ones neither', () => {
  assert.ok(holdsToken('Bearer secret', 'secret'))
  for (const other of ['secre', 'secret1', 'Secret', 'x']) assert.ok(!holdsToken(`Bearer ${other}`, 'secret'), other)
  assert.ok(!holdsToken(undefined, 'secret'))
  assert.ok(isSameSecret('秘密', '秘密') && !isSameSecret('秘密', '密秘'))
})
