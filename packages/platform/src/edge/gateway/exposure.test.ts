// What a gateway refuses to open to other machines, and what it says instead.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import { checkExposure, type Exposure, isDemoOn } from './exposure.ts'

const loopback: Exposure = {
  host: '127.0.0.1',
  tlsHost: undefined,
  tlsCertificate: undefined,
  tlsKey: undefined,
  isBehindTls: false,
  demo: undefined,
  adminHost: '127.0.0.1',
  adminToken: undefined,
}
const certified = { tlsCertificate: 'a.pem', tlsKey: 'a.key' }

const refusalOf = (changed: Partial<Exposure>): string => {
  try {
    checkExposure({ ...loopback, ...changed })
    return 'allowed'
  } catch (error) {
    assert.ok(error instanceof AppError && error.code === 'invalid-parameter')
    return error.message
  }
}

test('demo people are there where no other machine reaches the gateway, unless a setting says otherwise', () => {
  const isOn = (changed: Partial<Exposure>): boolean => isDemoOn({ ...loopback, ...changed })
  assert.deepEqual(
    [isOn({}), isOn({ host: '::1' }), isOn({ host: '0.0.0.0' }), isOn({ tlsHost: '192.168.1.2' })],
    [true, true, false, false],
  )
  assert.equal(isOn({ demo: false }), false)
})

test('plain text beyond loopback is refused, unless something in front ends TLS', () => {
  for (const host of ['0.0.0.0', '::', '192.168.1.2', '127.0.0.1.example.org', 'localhost.example.org']) {
    assert.match(refusalOf({ host }), /plain text.*start --lan.*GATEWAY_BEHIND_TLS=true/)
    assert.equal(refusalOf({ host, isBehindTls: true }), 'allowed')
  }
  for (const host of ['127.0.0.1', '127.0.0.5', '::1', 'localhost']) assert.equal(refusalOf({ host }), 'allowed')
})

test('demo people beyond loopback are refused, with TLS and without', () => {
  assert.match(refusalOf({ host: '0.0.0.0', isBehindTls: true, demo: true }), /HOST=0\.0\.0\.0 .*DEMO=false/)
  const open = { ...certified, tlsHost: '192.168.1.2' }
  assert.match(refusalOf({ ...open, demo: true }), /GATEWAY_TLS_HOST=192\.168\.1\.2 .*DEMO=false/)
  assert.equal(refusalOf(open), 'allowed')
})

test('a TLS port wants its certificate, an open admin port its token', () => {
  assert.match(refusalOf({ tlsHost: '127.0.0.5' }), /GATEWAY_TLS_CERT and GATEWAY_TLS_KEY/)
  assert.match(refusalOf({ adminHost: '0.0.0.0' }), /KONG_ADMIN_TOKEN/)
})
