// The article that the product grew out of, where its text is at hand: its printed snippets are taken out to be run.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const beside = join(root, '../shared/seed')

/** Reads the article from a file, or from beside the project; undefined where it is not. */
export function readArticle(file?: string): string | undefined {
  if (file !== undefined) return readFileSync(file, 'utf8')
  if (!existsSync(beside)) return undefined
  const [name] = readdirSync(beside).filter((one) => one.endsWith('.txt'))
  return name === undefined ? undefined : readFileSync(join(beside, name), 'utf8')
}

/**
 * A printed snippet: from the first line that begins with `from` up to, without it, the next that begins with `to`.
 * @throws Error when the text has no such lines
 */
export function snippet(article: string, from: string, to: string): string {
  const start = article.indexOf(`\n${from}`)
  const end = article.indexOf(`\n${to}`, start + 1)
  if (start === -1 || end === -1) throw new Error(`The article has no snippet from "${from}" to "${to}"`)
  return `${article.slice(start + 1, end).trim()}\n`
}
