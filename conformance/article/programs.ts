// Runs programs as printed: in a fresh folder, with the article's host names led to the system under test.
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { peersEnvironment } from '../peers.ts'
import { startNameProxy } from './name-proxy.ts'
import type { Program } from './scene.ts'

const defaultTimeoutMs = 60_000
const maxOutput = 200_000

function proxied(url: string): Readonly<Record<string, string>> {
  return { http_proxy: url, grpc_proxy: url, NODE_USE_ENV_PROXY: '1', no_proxy: '', NO_PROXY: '' }
}

function outputOf(program: Program, cwd: string, settings: Readonly<Record<string, string>>): Promise<string> {
  const child = spawn(program.command, [...program.args], {
    cwd,
    env: { ...process.env, ...settings, ...peersEnvironment, ...program.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: program.timeoutMs ?? defaultTimeoutMs,
    killSignal: 'SIGKILL',
  })
  const said: string[] = []
  const hear = (chunk: Buffer): void => {
    if (said.reduce((all, one) => all + one.length, 0) < maxOutput) said.push(chunk.toString())
  }
  const out: string[] = []
  child.stdout.on('data', (chunk: Buffer) => {
    out.push(chunk.toString())
    hear(chunk)
  })
  child.stderr.on('data', hear)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (code === 0) resolve(out.join(''))
      else reject(new Error(`${program.command} ended with ${code ?? signal}: ${said.join('').slice(-1500)}`))
    })
  })
}

/** Runs one program; its folder and the proxy are gone afterwards. */
export async function runProgram(program: Program): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-article-'))
  const proxy = program.names === 'direct' ? undefined : await startNameProxy(program.names)
  try {
    for (const [name, text] of Object.entries(program.files ?? {})) await writeFile(join(folder, name), text)
    return await outputOf(program, folder, proxy === undefined ? {} : proxied(proxy.url))
  } finally {
    await proxy?.close()
    await rm(folder, { recursive: true, force: true })
  }
}
