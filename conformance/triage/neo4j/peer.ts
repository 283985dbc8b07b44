// A real Neo4j Community as a child process, and the statements that the article prints for it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('./', import.meta.url))
const lib = process.env['NEO4J_HARNESS'] ?? `${here}.neo4j/lib`

/** What to say where it is not installed. */
export const howToGetNeo4j =
  'needs Neo4j Community: run conformance/triage/neo4j/install.sh (Maven and Java 17 or newer)'

/** Whether it is installed. */
export const neo4jIsHere = (): boolean => existsSync(lib) && globSync('neo4j-harness-*.jar', { cwd: lib }).length > 0

/** A running one, with an empty graph; user and password are `neo4j`. */
export interface Neo4jPeer {
  /** Bolt address. */
  readonly url: string
  stop(): Promise<void>
}

/** Starts it. @throws Error when it ends before it tells its address */
export async function startNeo4j(): Promise<Neo4jPeer> {
  const flags = [
    '--add-opens=java.base/java.nio=ALL-UNNAMED',
    '--add-opens=java.base/java.lang=ALL-UNNAMED',
    '-Xmx768m',
  ]
  const child = spawn('java', [...flags, '-cp', `${lib}/*`, `${here}Server.java`], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const lines = createInterface({ input: child.stdout })
  for await (const line of lines) {
    const [, url] = /^bolt (\S+)$/.exec(line) ?? []
    if (url === undefined) continue
    lines.close()
    child.stdout.resume()
    return {
      url,
      async stop() {
        const ended = once(child, 'exit')
        child.stdin.end()
        await ended
      },
    }
  }
  throw new Error('Neo4j ended before it told its address')
}

/**
 * The statements of the article's section 5.1, as printed; its query is the text between the quotes of the service's code.
 * @throws Error when the text has no such section
 */
export function printedCypher(text: string): { readonly statements: readonly string[]; readonly query: string } {
  const from = text.indexOf('// 创建症状节点')
  const to = text.indexOf('分诊API逻辑', from)
  const query = /query = """([\s\S]*?)"""/.exec(text.slice(to))?.[1]
  if (from === -1 || to === -1 || query === undefined)
    throw new Error('The article has no statements in its section 5.1')
  const parts = text.slice(from, to).split(';')
  return { statements: parts.map((part) => part.trim()).filter((part) => part !== ''), query }
}
