// One Host and a sound one, as RFC 9112 3.2 asks.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { namesOneHost } from './host-header.ts'

test('one host is named, in whatever case', () => {
  for (const host of ['a', 'a.example:8080', '[::1]:80', '']) assert.ok(namesOneHost(['Accept', '*/*', 'HOST', host]))
})

test('none, two, and what no host can be are told apart', () => {
  assert.equal(namesOneHost([]), false)
  assert.equal(namesOneHost(['Host', 'a', 'host', 'a']), false)
  assert.equal(namesOneHost(['Host', 'a', 'X-Host', 'b']), true)
  for (const host of ['a b', 'a/b', 'a@b', 'a\\b', 'a?b', 'a#b', 'é'])
    assert.equal(namesOneHost(['Host', host]), false, host)
})
