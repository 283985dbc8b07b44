// Chapters 1 and 2: registration of patients, and the gateway in front of it.
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { SignJWT } from 'jose'
import { expectStatus } from '../../../packages/platform/src/cli/demo/stage.ts'
import { ownSettings } from '../../../packages/platform/src/cli/place.ts'
import { systemKeys } from '../../../packages/platform/src/composition/keys.ts'
import { snippet } from '../article-text.ts'
import { type ArticleStage, needArticle, needPython, type Scene, Skipped } from '../scene.ts'

const zhangSan = {
  resource_type: 'Patient',
  name: [{ use: 'official', family: 'Zhang', given: ['San'] }],
  gender: 'male',
  birth_date: '1990-01-01',
  email: 'zhangsan@example.com',
}

async function register(stage: ArticleStage, patient: unknown): Promise<string> {
  const token = await stage.token('frontend')
  const created = await stage.ask('/api/v1/patients', { method: 'POST', body: patient, token })
  expectStatus(created, 201)
  const read = await stage.ask(`/api/v1/patients/${String(created.body['id'])}`, { token })
  expectStatus(read, 200)
  return `201 with id ${String(created.body['id'])}, read back`
}

// The example of the printed model: Python's literals in it are JSON's, too.
function printedPatient(article: string): unknown {
  return JSON.parse(snippet(article, '                "resource_type"', '            }').replace(/^/, '{').concat('}'))
}

const consumer = 'medical-frontend-app'

async function removeKongEntities({ ask, system }: ArticleStage): Promise<void> {
  for (const path of [`/consumers/${consumer}`, '/services/patient-service']) {
    expectStatus(await ask(`${system.adminUrl}${path}`, { method: 'DELETE' }), 204, 404, 400)
  }
}

async function runCurls(stage: ArticleStage): Promise<string> {
  const printed = snippet(needArticle(stage), '# 1. 添加服务', '前端请求示例')
  const { data = [] } = (await stage.ask(`${stage.system.adminUrl}/services/patient-service/routes`)).body as {
    data?: { id: string }[]
  }
  for (const { id } of data) await stage.ask(`${stage.system.adminUrl}/routes/${id}`, { method: 'DELETE' })
  await removeKongEntities(stage)
  const said = await stage.run({
    command: 'sh',
    args: ['-ec', `curl() { command curl --silent --show-error --fail-with-body "$@"; echo; }\n${printed}`],
    names: { 'localhost:8001': Number(new URL(stage.system.adminUrl).port) },
  })
  const last = JSON.parse(said.trim().split('\n').at(-1) ?? '{}') as { key?: string; secret?: string }
  if (last.key === undefined) throw new Error(`no credential was answered: ${said.slice(0, 500)}`)
  return 'five curl lines answered 201, the last with a credential'
}

async function runFetch(stage: ArticleStage): Promise<string> {
  const printed = snippet(needArticle(stage), '// 假设已从认证服务获取token', '第三章')
  const made = await stage.ask(`${stage.system.adminUrl}/consumers/${consumer}/jwt`, {
    method: 'POST',
    body: new URLSearchParams(),
  })
  expectStatus(made, 201)
  const token = await new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(String(made.body['key']))
    .setExpirationTime('5m')
    .sign(new TextEncoder().encode(String(made.body['secret'])))
  // Only what the article leaves to its reader is filled in: the token and the patient's data.
  const program = printed
    .replace(/const token = .*/, `const token = ${JSON.stringify(token)};`)
    .replace('/* patient data */', `...${JSON.stringify(zhangSan)}`)
    .replace(/\}\);\s*$/, '}).then((answer) => console.log(answer.status));')
  const port = Number(new URL(stage.system.gatewayUrl).port)
  const said = await stage.run({
    command: process.execPath,
    args: ['-e', program],
    names: { 'kong-gateway:8000': port },
  })
  if (said.trim() !== '201') throw new Error(`the printed request was answered ${said}`)
  return '201 through kong-gateway:8000'
}

const consulClient = fileURLToPath(new URL('../../registry/python-client.py', import.meta.url))

async function registerByPython(stage: ArticleStage): Promise<string> {
  const article = needArticle(stage)
  const command = needPython(stage)
  const hasConsul = await stage.run({ command, args: ['-c', 'import consul'], names: 'direct' }).then(
    () => true,
    () => false,
  )
  if (!hasConsul) throw new Skipped('that Python has no Consul client: `pip install py-consul`')
  const port = new URL(stage.system.registryUrl).port
  const args = [consulClient, port, 'article.txt']
  const said = await stage.run({ command, args, names: 'direct', files: { 'article.txt': article } })
  if (!/Service patient-service-\S+ registered\./.test(said)) throw new Error(`printed ${said}`)
  return 'patient-service was registered as printed, found, and taken away'
}

async function changeSetting(stage: ArticleStage): Promise<string> {
  const key = `${stage.system.registryUrl}/v1/kv/xinglin/config/RATE_LIMIT_BURST`
  const seen = async (): Promise<string | null> => {
    const answer = await fetch(`${stage.system.gatewayUrl}/fhir/metadata`)
    await answer.body?.cancel()
    return /q=(\d+)/.exec(answer.headers.get('ratelimit-policy') ?? '')?.[1] ?? null
  }
  const { registry: token } = await systemKeys(stage.system.dataFolder, ownSettings().process.internalKey)
  const headers = { 'x-consul-token': token }
  const before = await seen()
  try {
    const { status } = await fetch(key, { method: 'PUT', body: '4321', headers })
    if (status !== 200) throw new Error(`the registry answered ${status} to the key`)
    for (let wait = 0; (await seen()) !== '4321'; wait += 1) {
      if (wait > 100) throw new Error('the gateway did not take the value within 10 s')
      await delay(100)
    }
  } finally {
    await fetch(key, { method: 'DELETE', headers })
  }
  return `the gateway’s limit went from ${before} to 4321 while it ran`
}

/** The scenes of chapters 1 and 2. */
export const coreServices: readonly Scene[] = [
  {
    section: '1.1',
    kind: 'ours',
    title: 'a patient is registered and read back',
    play: (stage) => register(stage, zhangSan),
  },
  {
    section: '1.1',
    kind: 'printed',
    title: 'the example of the printed model is registered',
    play: async (stage) => register(stage, printedPatient(needArticle(stage))),
  },
  { section: '2.1', kind: 'printed', title: 'a service registers itself by the Python client', play: registerByPython },
  { section: '2.1', kind: 'ours', title: 'a setting in the registry’s keys takes effect', play: changeSetting },
  { section: '2.2', kind: 'printed', title: 'Kong’s five calls by curl', play: runCurls },
  { section: '2.2', kind: 'printed', title: 'the front end’s request with its token', play: runFetch },
]
