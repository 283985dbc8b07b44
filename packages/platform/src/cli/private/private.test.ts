// Keys, encryption and decryption on one's own machine, as the command line offers them.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readTensealContext } from '@xinglin/core/ckks'
import { decrypt, encrypt, keys } from './index.ts'

const program = fileURLToPath(new URL('../main.ts', import.meta.url))

const exact = { contributions: undefined, decimals: 2 }

test('makes keys, encrypts, and decrypts with the secret context only', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'xinglin private '))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const own = join(folder, 'k')
  const [secret, shared, vector] = [join(own, 'secret.tenseal'), join(own, 'public.tenseal'), join(own, 'v')]
  const wish = { parameters: 'two-levels', rotations: [], sealMinor: 3 }
  await keys(own, wish)
  assert.equal(((await stat(secret)).mode & 0o777).toString(8), '600')
  assert.equal(readTensealContext(await readFile(shared)).secretKey, undefined)
  await assert.rejects(keys(own, wish), /is there already and is not overwritten/)
  await assert.rejects(keys(own, { ...wish, parameters: 'many' }), /no parameters many/)

  await encrypt(shared, vector, [35, -2.5])
  await assert.rejects(decrypt(shared, vector, exact), /no secret key/)
  await assert.rejects(decrypt(secret, shared, exact), /not a TenSEAL/)
  await assert.rejects(decrypt(secret, vector, { ...exact, contributions: 1 }), /Only 1 contributed/)
  const read = spawnSync(process.execPath, [program, 'private', 'decrypt', secret, vector], { encoding: 'utf8' })
  const values = read.stdout.trim().split(' ')
  assert.deepEqual(
    values.map((value) => Number(value).toFixed(3)),
    ['35.000', '-2.500'],
  )
  assert.match(read.stderr, /do not pass these digits on/)
})
