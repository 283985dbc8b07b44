// The address that other processes are told.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Interfaces, toldAddress } from './own-address.ts'

const common = { netmask: '255.0.0.0', mac: '00:00:00:00:00:00', cidr: null }
const loopback = { ...common, address: '127.0.0.1', family: 'IPv4', internal: true } as const
const pod = { ...common, address: '10.1.2.3', family: 'IPv4', internal: false } as const
const pod6 = { ...common, address: 'fd00::3', family: 'IPv6', internal: false, scopeid: 0 } as const
const interfaces: Interfaces = { lo: [loopback], eth0: [pod6, pod] }

test('a given address is told as it is', () => {
  assert.equal(toldAddress('0.0.0.0', 'patient.example.org', interfaces), 'patient.example.org')
})

test('whoever listens at one address tells it', () => {
  assert.equal(toldAddress('10.9.9.9', undefined, interfaces), '10.9.9.9')
})

test('whoever listens everywhere tells the address that others can reach', () => {
  assert.equal(toldAddress('0.0.0.0', undefined, interfaces), '10.1.2.3')
  assert.equal(toldAddress('::', undefined, { lo: [loopback] }), '127.0.0.1')
})
