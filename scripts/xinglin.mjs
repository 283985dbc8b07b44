#!/usr/bin/env node
// `xinglin`: installs what is missing, then hands over to the command line in TypeScript.
import { ensureInstalled, requireNode20, runTypeScript } from './bootstrap.mjs'

requireNode20()
ensureInstalled({ withTests: process.argv[2] === 'proof' })
runTypeScript('packages/platform/src/cli/main.ts', process.argv.slice(2))
