// Filters of the lists: each knows the shape of what it filters, so that a misspelt field is refused.
import { compileFilter } from '../filter/filter.ts'
import type { RegistryNode } from '../node.ts'
import {
  agentServiceJson,
  catalogServiceJson,
  checkJson,
  healthServiceJson,
  type Json,
  nodeJson,
  serfCheckJson,
} from '../shapes.ts'
import type { RegisteredCheck, RegisteredService } from '../store/catalog-store.ts'
import type { Call } from './route.ts'

const node: RegistryNode = { id: '', name: '', address: '' }
const service: RegisteredService = {
  id: '',
  name: '',
  definition: {
    address: '127.0.0.1',
    port: 0,
    tags: [],
    meta: {},
    weights: { passing: 1, warning: 1 },
    enablesTagOverride: false,
  },
  createIndex: 0,
  modifyIndex: 0,
}
const check: RegisteredCheck = {
  id: '',
  serviceId: null,
  serviceName: '',
  serviceTags: [],
  definition: {
    name: '',
    notes: '',
    probe: { kind: 'maintenance' },
    successesBeforePassing: 0,
    failuresBeforeCritical: 0,
  },
  status: 'passing',
  output: '',
  createIndex: 0,
  modifyIndex: 0,
}

const samples = {
  health: { Node: nodeJson(node), Service: healthServiceJson(service), Checks: [serfCheckJson(node)] },
  service: healthServiceJson(service),
  'agent-service': agentServiceJson(service),
  'catalog-service': catalogServiceJson(node, service),
  check: checkJson(node, check),
  node: nodeJson(node),
} as const

/** Reads `?filter`; without it everything is kept. @throws ConsulError 400 naming the place at fault */
export function readFilter(call: Call, of: keyof typeof samples): (all: readonly Json[]) => readonly Json[] {
  const expression = call.query.get('filter') ?? ''
  if (expression.trim() === '') return (all) => all
  const matches = compileFilter(expression, samples[of])
  return (all) => all.filter(matches)
}
