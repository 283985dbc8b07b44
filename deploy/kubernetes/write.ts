// Writes all manifests; a test compares them with what is committed.
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { manifests } from './manifests.ts'

const deploy = fileURLToPath(new URL('../', import.meta.url))

for (const [path, text] of Object.entries(manifests())) {
  await mkdir(dirname(join(deploy, path)), { recursive: true })
  await writeFile(join(deploy, path), text)
}
