// A key owner, a data owner and a server that computes without being able to read: 35 years become the score 27.50.
// Usage, against a running system: node examples/privacy/risk-score.ts [age]
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { constants, inflateSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import {
  checkContext,
  checkVector,
  decryptVector,
  encryptVector,
  type Inflate,
  loadPublicKey,
  loadSecretKey,
  makeKeys,
  openSession,
  type Packing,
  publicPartOf,
  readTensealContext,
  type SealModule,
  tutorialChoice,
  writeTensealContext,
} from '@xinglin/core/ckks'
import { initialize } from 'node-seal'

const gateway = process.env['XINGLIN_URL'] ?? 'http://127.0.0.1:8080'
const program = fileURLToPath(new URL('../../scripts/xinglin.mjs', import.meta.url))

function tokenOf(subject: string): string {
  const words = [program, 'token', '--role', 'data-scientist', '--subject', subject]
  return process.env['XINGLIN_TOKEN'] ?? execFileSync(process.execPath, words, { encoding: 'utf8' }).trim()
}

const inflate: Inflate = (compression, bytes, maxBytes) =>
  (compression === 'zstd' ? zstdDecompressSync : inflateSync)(bytes, { maxOutputLength: maxBytes })
const params = { [constants.ZSTD_c_compressionLevel]: 1 }
const packing: Packing = {
  minorVersion: 3, // what TenSEAL 0.3.18 reads
  compress: (bytes) => ({ compression: 'zstd', bytes: zstdCompressSync(bytes, { params }) }),
}
const limits = { maxDegree: 16384, maxKeyBytes: 2 ** 28 }
const seal = (await initialize()) as unknown as SealModule

async function ask(token: string, path: string, how: { readonly bytes?: Uint8Array; readonly json?: object } = {}) {
  const { bytes, json } = how
  const body = bytes === undefined ? (json === undefined ? undefined : JSON.stringify(json)) : Buffer.from(bytes)
  const answer = await fetch(`${gateway}/api/v1/private/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': bytes ? 'application/octet-stream' : 'application/json' }),
    },
    ...(body === undefined ? {} : { body }),
  })
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
  return answer
}

const idOf = async (answer: Response): Promise<string> => ((await answer.json()) as { readonly id: string }).id

// 1. Hospital A makes keys and sends the public part.
const ownerToken = tokenOf('hospital-a')
const own = makeKeys(seal, { choice: tutorialChoice, rotations: [], packing })
const contextId = await idOf(
  await ask(ownerToken, 'contexts?label=Risk%20score', { bytes: writeTensealContext(publicPartOf(own)) }),
)

// 2. Hospital B fetches it, encrypts an age and sends it.
const age = Number(process.argv[2] ?? 35)
const fetched = new Uint8Array(await (await ask(tokenOf('hospital-b'), `contexts/${contextId}/bytes`)).arrayBuffer())
const shared = checkContext(readTensealContext(fetched), inflate, limits)
const session = openSession(seal, shared.parameters)
const encrypted = encryptVector(session, loadPublicKey(session, shared), {
  ...{ values: [age], scale: shared.globalScale ?? 2 ** 40, packing },
})
const vectorId = await idOf(await ask(tokenOf('hospital-b'), `contexts/${contextId}/vectors`, { bytes: encrypted }))

// 3. An institute has the server compute: score = age · 0.5 + 10.
const jobId = await idOf(
  await ask(tokenOf('institute'), `contexts/${contextId}/jobs`, {
    json: {
      inputs: { age: vectorId },
      steps: [
        { op: 'multiply-plain', of: 'age', values: 0.5, as: 'half' },
        { op: 'add-plain', of: 'half', values: 10, as: 'score' },
      ],
      outputs: ['score'],
    },
  }),
)

// 4. Hospital A waits, fetches the result that only A gets, and decrypts it.
interface Job {
  readonly state: string
  readonly results: readonly { readonly id: string }[]
}
const job = (await (await ask(ownerToken, `jobs/${jobId}?wait=20`)).json()) as Job
const [result] = job.results
if (result === undefined) throw new Error(`The job is ${job.state}`)
const bytes = new Uint8Array(await (await ask(ownerToken, `vectors/${result.id}/bytes`)).arrayBuffer())
const score = decryptVector(
  session,
  loadSecretKey(session, own, inflate),
  checkVector(bytes, session.parameters, inflate),
)
console.log(`Original Age: ${age}, Decrypted Risk Score: ${score[0]?.toFixed(2)}`)
console.log(`The server saw ${encrypted.length} bytes in the place of 8. Decision support only.`)
