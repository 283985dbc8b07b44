// Chapters 4 and 6, what operators see: the printed manifest on the image's settings, and the printed fault survived.
import { fileURLToPath } from 'node:url'
import { snippet } from '../article-text.ts'
import { type ArticleStage, needArticle, type Scene } from '../scene.ts'

const atRoot = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url))
const chaosLimitMs = 300_000
const manifestLimitMs = 240_000

// The ports and the host of the manifest are fixed, so it starts a registry and a database of its own on another loopback address.
async function startPrintedManifest(stage: ArticleStage): Promise<string> {
  needArticle(stage)
  const said = await stage.run({
    command: process.execPath,
    args: ['--test', '--test-reporter=tap', atRoot('deploy/docker/article.test.ts')],
    names: 'direct',
    timeoutMs: manifestLimitMs,
  })
  const passed = Number(/^# pass (\d+)$/m.exec(said)?.[1])
  if (!(passed >= 2)) throw new Error(`the manifest did not fit: ${said.slice(-500)}`)
  return 'with its CONSUL_HOST and DB_CONNECTION_STRING the patient service answers on 8000 and is registered'
}

async function injectPrintedFault(stage: ArticleStage): Promise<string> {
  const printed = snippet(needArticle(stage), '# network-delay.yaml', '应用混沌实验')
  const said = await stage.run({
    command: process.execPath,
    args: [atRoot('scripts/xinglin.mjs'), 'chaos', 'run', 'network-delay.yaml'],
    names: 'direct',
    files: { 'network-delay.yaml': printed },
    timeoutMs: chaosLimitMs,
  })
  if (!said.includes('1 of 1 experiments: the hypothesis held.')) throw new Error(`printed ${said.slice(-1500)}`)
  return '200 ms for 30 s on one patient service; the hypothesis held'
}

/** The scenes of chapters 4 and 6 that start systems of their own. */
export const operations: readonly Scene[] = [
  {
    section: '4.2',
    kind: 'printed',
    title: 'the patient service’s Deployment and Service',
    isLong: true,
    play: startPrintedManifest,
  },
  {
    section: '6',
    kind: 'printed',
    title: 'the network fault, between real processes under load',
    isLong: true,
    play: injectPrintedFault,
  },
]
