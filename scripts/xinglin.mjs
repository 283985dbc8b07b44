#!/usr/bin/env node
// `xinglin`: installs what is missing, then hands over to the command line in TypeScript. Who asks for help installs nothing.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensureInstalled, isInstalled, requireNode20, root, runTypeScript } from './bootstrap.mjs'

const words = process.argv.slice(2)
const asked = words.includes('--') ? words.slice(0, words.indexOf('--')) : words
const isHelp =
  asked.length === 0 || asked[0] === 'help' || asked.some((word) => /^(--help|-h|--version|-V)$/.test(word))

// The table of the README: the command line itself needs packages to speak.
function helpBeforeInstallation() {
  const rows = readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^\| `npx (xinglin [^`]+)` \| (.+) \|$/gm)
  const lines = [...rows].map(([, command, purpose]) => `  ${command}\n      ${purpose.replaceAll('`', '')}`)
  return `Usage: xinglin <command>\n\n${lines.join('\n')}\n\nNothing is installed yet: the first command installs what it needs, and then has --help of its own.\n`
}

requireNode20()
if (!isHelp) ensureInstalled({ withTests: words[0] === 'proof' })
if (isHelp && !isInstalled()) process.stdout.write(helpBeforeInstallation())
else runTypeScript('packages/platform/src/cli/main.ts', words)
