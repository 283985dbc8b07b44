// Makes keys in a worker of its own. The gateway lets this file, and no page, compile WebAssembly, and lets it ask this origin alone.
import {
  makeKeys,
  type Packing,
  publicPartOf,
  regressionChoice,
  type SealModule,
  tutorialChoice,
  writeTensealContext,
} from '@xinglin/core/ckks'
import { initialize } from 'node-seal'
import type { KeyAnswer, KeyRequest, MadeKeys } from './key-request.ts'

const choices = { 'two-levels': tutorialChoice, 'four-levels': regressionChoice } as const

// Read by TenSEAL 0.3.18; uncompressed, since browsers have no zstd.
const packing: Packing = { minorVersion: 3, compress: (bytes) => ({ compression: 'none', bytes }) }

// Without a place of its own the module looks for its .wasm where the build put it.
const builtPlace: object = { locateFile: undefined }

async function make({ parameters }: KeyRequest): Promise<MadeKeys> {
  // The types that node-seal generates name each enumeration value; ours names the part that is used.
  const seal = (await initialize(builtPlace)) as unknown as SealModule
  const context = makeKeys(seal, { choice: choices[parameters], rotations: [], packing })
  return {
    secret: new Uint8Array(writeTensealContext(context)),
    shared: new Uint8Array(writeTensealContext(publicPartOf(context))),
  }
}

self.addEventListener('message', ({ data }: MessageEvent<KeyRequest>) => {
  const answer = (given: KeyAnswer): void => self.postMessage(given)
  make(data).then(
    (keys) => answer({ kind: 'made', keys }),
    (error: unknown) => answer({ kind: 'failed', error: String(error) }),
  )
})
