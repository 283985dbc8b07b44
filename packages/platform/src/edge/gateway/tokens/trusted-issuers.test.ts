// The setting TRUSTED_ISSUERS: what it says when it is right, and which field of which issuer is wrong when it is not.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import { parseTrustedIssuers } from './trusted-issuers.ts'

const right = { issuer: 'https://idp.example.org', jwksUrl: 'https://idp.example.org/keys', audience: 'xinglin' }

function fault(value: unknown): string {
  try {
    parseTrustedIssuers(typeof value === 'string' ? value : JSON.stringify(value))
    return ''
  } catch (error) {
    assert.ok(error instanceof AppError)
    assert.equal(error.code, 'invalid-parameter')
    return error.message
  }
}

test('an issuer needs an address, keys and an audience; the rest has defaults', () => {
  const [issuer] = parseTrustedIssuers(JSON.stringify([right]))
  assert.deepEqual(issuer?.audiences, ['xinglin'])
  assert.equal(issuer?.roleClaim, 'roles')
  assert.equal(issuer?.areScopesRequired, true)
  assert.deepEqual(parseTrustedIssuers(undefined), [])
})

test('each fault names the issuer and the field', () => {
  assert.match(fault('{'), /must be a JSON list/)
  assert.match(fault({}), /must be a JSON list/)
  assert.match(fault([right, { ...right, issuer: 'http://idp.example.org' }]), /\[1\]: issuer must be an https/)
  assert.match(fault([{ ...right, jwksUrl: 'file:///keys' }]), /jwksUrl must be an https/)
  assert.match(fault([{ ...right, audience: undefined }]), /audience/)
  assert.match(fault([{ ...right, algorithms: ['HS256'] }]), /algorithms must be a list out of/)
  assert.match(fault([{ ...right, algorithms: ['none'] }]), /algorithms must be a list out of/)
  assert.match(fault([{ ...right, roles: { boss: 'system' } }]), /roles\.boss/)
  assert.match(fault([{ ...right, key: 'x' }]), /key is not known/)
  assert.match(fault([right, right]), /twice/)
})
