// A registration leads nobody to the addresses by which a cloud tells its machines their secrets, unless the operator allows it.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { checkOf, openRegistry, register, serving } from '../../../../../conformance/registry/fixture.ts'
import type { OwnRegistry } from '../../../../../conformance/registry/own-registry.ts'

const timing = { sweepEveryMs: 40, leaseMs: 800, forgivenGapMs: 60_000 }
const reason = /link-local.*refused; GATEWAY_LINK_LOCAL=true/

// The unspecified address leads to this machine, so that what is not refused is seen to arrive.
async function checksAt(context: TestContext, own: OwnRegistry): Promise<readonly string[]> {
  const asked: string[] = []
  const port = await serving(context, (request, response) => {
    asked.push(String(request.headers.host))
    response.end('the secret of this machine')
  })
  const checks = [
    { HTTP: `http://0.0.0.0:${port}/` },
    { HTTP: `http://[::ffff:0.0.0.0]:${port}/` },
    { TCP: `0:${port}` },
  ]
  const names = checks.map((_, index) => `checked-${index}`)
  for (const [index, check] of checks.entries())
    await register(own, { Name: names[index], Port: 1, Check: { ...check, Interval: '1s', Timeout: '5s' } })
  const told: string[] = []
  for (const name of names) {
    for (let left = 200; told.length < names.indexOf(name) + 1; left -= 1) {
      const check = await checkOf(own, name)
      assert.ok(left > 0, `${name} was not looked at`)
      if (check !== undefined && check.Output !== '') told.push(`${check.Status} ${check.Output}`)
      else await pause(50)
    }
  }
  return [...told, `${asked.length} asked`]
}

test('services cannot be registered at guarded addresses, and checks are not made there and say why', async (context) => {
  const own = await openRegistry(context, { extra: { timing } })
  const told = await checksAt(context, own)
  for (const line of told.slice(0, 3)) assert.match(line, /^critical/)
  for (const line of told.slice(0, 3)) assert.match(line, reason)
  assert.equal(told.at(-1), '0 asked')
  const otherwise = ['2852039166', '0xa9fea9fe', '169.254.43518', '169.254.169.254.', '::FFFF:A9FE:A9FE', '0']
  for (const Address of ['169.254.169.254', 'fe80::1', 'fd00:ec2::254', '0.0.0.1', ...otherwise]) {
    const answer = await own.client.put('/v1/agent/service/register', { Name: 'metadata', Address, Port: 80 })
    assert.equal(answer.status, 400)
    assert.match(answer.text, reason)
  }
  await register(own, { Name: 'lab', Address: '10.0.0.1', Port: 80 })
})

test('where the operator allows it, both may be', async (context) => {
  const own = await openRegistry(context, { extra: { timing, allowsLinkLocal: true } })
  await register(own, { Name: 'modality', Address: '169.254.7.9', Port: 104 })
  const told = await checksAt(context, own)
  for (const line of told.slice(0, 3)) assert.match(line, /^passing/)
})
