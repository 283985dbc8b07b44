// The manifests agree with the product: its services, its settings, its ports, its calls; and with the rules of the house for pods.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { listeningPorts } from '../../packages/platform/src/composition/ports.ts'
import { readSettings } from '../../packages/platform/src/kernel/config.ts'
import { services, settingsByOwner } from '../../packages/platform/src/services.ts'
import { sourceFiles } from '../../scripts/house/source-files.ts'
import { acceptedSettings } from '../docker/accepted.ts'
import { imageEnvironment } from '../docker/image-environment.ts'
import { committed, deploy, environmentOf, type Manifest, manifestsIn, type Pod, pods, written } from './committed.ts'
import { askedByAll, calls, groups, portsOf } from './groups.ts'
import { manifests } from './manifests.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const ofKind = (kind: string): readonly Manifest[] => committed.filter((one) => one.kind === kind)

// Texts of the values that a secret of a running system would have.
const secrets: Readonly<Record<string, string>> = {
  DATABASE_URL: 'postgres://xinglin:x@postgres.engines:5432/xinglin',
}
const secretOf = (env: string): string => secrets[env] ?? 'a secret of more than thirty-two characters'

test('what is committed is what the lists say (mend with: node deploy/kubernetes/write.ts)', () => {
  const made = manifests()
  assert.deepEqual([...written], Object.keys(made).sort())
  for (const [path, text] of Object.entries(made)) assert.equal(readFileSync(join(deploy, path), 'utf8'), text, path)
})

test('every service of the product runs in exactly one group', () => {
  const placed = groups.flatMap((group) => group.services)
  assert.deepEqual([...placed].sort(), services.map(({ name }) => name).toSorted())
})

test('the calls between rooms are those of the sources', () => {
  const found = new Map<string, Set<string>>()
  for (const path of sourceFiles('packages/platform/src')) {
    const [, area = '', room = ''] = /packages\/platform\/src\/(ai|clinical|edge)\/(\w+)\//.exec(path) ?? []
    if (area === '' || /\.test\.ts$|\/under-test\//.test(path)) continue
    const text = read(path)
    const named = [...text.matchAll(/call\('(\w+)'\)|await ask\(access, '(\w+)'|parts\.call, asking, '(\w+)'/g)]
    const told = named.flatMap(([, ...names]) => names.filter((name) => name !== undefined))
    const asksModels = /\bmodels\.(infer|metadata)\(/.test(text) && room !== 'inference'
    for (const name of [...told, ...(asksModels ? ['inference'] : [])].filter((one) => one !== room)) {
      found.set(room, (found.get(room) ?? new Set()).add(name))
    }
  }
  for (const [room, names] of found) {
    const known: readonly string[] = [...(calls[room as keyof typeof calls] ?? []), ...askedByAll]
    assert.deepEqual(
      [...names].filter((name) => !known.includes(name)),
      [],
      `${room} also calls`,
    )
  }
  for (const [room, names] of Object.entries(calls)) {
    if (room === 'gateway' || room === 'chaos') continue // what comes from outside; the map of all
    assert.deepEqual(
      names.filter((name) => found.get(room)?.has(name) !== true),
      [],
      `${room} does not call`,
    )
  }
})

test('every Service leads to a port that its pods open', () => {
  for (const { metadata, spec = {} } of ofKind('Service')) {
    const selector = Object.entries(spec['selector'] as Record<string, string>)
    const chosen = pods.filter(({ labels }) => selector.every(([key, value]) => labels[key] === value))
    const [port] = spec['ports'] as readonly { readonly targetPort: number }[]
    assert.ok(chosen.length > 0, metadata.name)
    for (const { container } of chosen) {
      assert.ok(
        container.ports?.some(({ containerPort }) => containerPort === port?.targetPort),
        metadata.name,
      )
    }
  }
  const named = new Set(ofKind('Service').map(({ metadata }) => metadata.name))
  for (const group of groups) for (const { service } of portsOf(group)) assert.ok(named.has(service), service)
})

test('no two listeners of a pod want the same port', () => {
  for (const pod of pods) {
    const settings = readSettings(settingsByOwner, environmentOf(pod, secretOf))
    const { services: names, servicePort: first } = settings.process
    const open = listeningPorts({ specs: settingsByOwner, settings }).filter(({ owner }) => names.includes(owner))
    const own = groups.find(({ services: inside }) => inside.join() === names.join())
    const rooms = own === undefined ? [] : portsOf(own).map((_room, at) => first + at)
    const all = [...open.map(({ port }) => port), ...rooms]
    assert.equal(new Set(all).size, all.length, `${pod.of.metadata.name}: ${all}`)
  }
})

test('every variable is a setting that a start accepts, or is used by its own script', async () => {
  const known = new Set(
    Object.values(settingsByOwner).flatMap((specs) =>
      Object.values(specs).flatMap((spec) => [spec.env, ...Object.keys('also' in spec ? spec.also : {})]),
    ),
  )
  for (const pod of pods) {
    const environment = environmentOf(pod, secretOf)
    const script = (pod.container.command ?? []).join('\n')
    const strange = Object.keys(environment).filter(
      (name) => !known.has(name) && !script.includes(`$${name}`) && !script.includes(name),
    )
    assert.deepEqual(strange, [], pod.of.metadata.name)
    await acceptedSettings({ ...(await imageEnvironment()), ...environment })
  }
  for (const { data = {} } of ofKind('ConfigMap')) {
    assert.deepEqual(
      Object.keys(data).filter((name) => !known.has(name)),
      [],
    )
    assert.doesNotThrow(() => readSettings(settingsByOwner, data))
  }
})

test('probes ask addresses that the product has', () => {
  const sources = read('packages/platform/src/kernel/http.ts') + read('packages/platform/src/edge/gateway/own-pages.ts')
  for (const { container, of } of pods.filter(({ of }) => ['Deployment', 'StatefulSet'].includes(of.kind))) {
    const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe]
    assert.ok(
      probes.every((probe) => probe !== undefined),
      of.metadata.name,
    )
    for (const { httpGet } of probes.flatMap((probe) => probe ?? [])) {
      if (httpGet === undefined) continue
      assert.equal(sources.split(`'${httpGet.path}'`).length > 2, true, `${httpGet.path} is asked of both`)
      assert.ok(container.ports?.some(({ containerPort }) => containerPort === Number(httpGet.port)))
    }
  }
})

test('every pod is walled in, and has the time to end', () => {
  const [, deadline = ''] = /defaultDeadlineMs = ([\d_]+)/.exec(read('packages/platform/src/kernel/shutdown.ts')) ?? []
  const stopSeconds = Number(deadline.replaceAll('_', '')) / 1000
  for (const { spec, container, of } of pods) {
    const name = of.metadata.name
    // Kubernetes would put REGISTRY_PORT=tcp://… into pods beside a Service named registry.
    assert.equal(spec.enableServiceLinks, false, name)
    assert.equal(spec.automountServiceAccountToken, false, name)
    assert.equal(spec.securityContext?.runAsNonRoot, true, name)
    assert.equal(container.securityContext?.readOnlyRootFilesystem, true, name)
    assert.deepEqual(container.securityContext?.capabilities, { drop: ['ALL'] }, name)
    assert.ok(container.resources?.limits !== undefined && container.resources.requests !== undefined, name)
    if (of.kind !== 'Deployment' && of.kind !== 'StatefulSet') continue
    const sleep = container.lifecycle?.preStop?.sleep?.seconds ?? 0
    assert.ok(sleep > 0 && (spec.terminationGracePeriodSeconds ?? 0) > sleep + stopSeconds, name)
  }
})

const references = ({ spec, container }: Pod): readonly string[] => [
  `ServiceAccount ${spec.serviceAccountName}`,
  ...(spec.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) =>
    claim === undefined ? [] : [`PersistentVolumeClaim ${claim.claimName}`],
  ),
  ...(container.envFrom ?? []).flatMap(({ configMapRef: map }) =>
    map === undefined || map.optional === true ? [] : [`ConfigMap ${map.name}`],
  ),
]

test('what a pod refers to is there when its file is applied', () => {
  const there = new Set<string>(['PersistentVolumeClaim data-audit-0']) // the StatefulSet makes it
  const inOrder = ['kubernetes/', 'istio/'].flatMap((folder) =>
    written.filter((path) => path.startsWith(folder)).sort(),
  )
  for (const path of inOrder) {
    const names = new Set(manifestsIn(path).map(({ kind, metadata }) => `${kind} ${metadata.name}`))
    for (const name of names) there.add(name)
    for (const pod of pods.filter(({ of }) => names.has(`${of.kind} ${of.metadata.name}`))) {
      assert.deepEqual(
        references(pod).filter((name) => !there.has(name)),
        [],
        `${path}: ${pod.of.metadata.name}`,
      )
    }
  }
})

test('the README makes every secret that a pod takes', () => {
  const readme = readFileSync(join(deploy, 'README.md'), 'utf8')
  for (const { container, spec } of pods) {
    const named = (container.env ?? []).flatMap(({ valueFrom }) => valueFrom?.secretKeyRef?.name ?? [])
    const mounted = (spec.volumes ?? []).flatMap(({ secret }) => secret?.secretName ?? [])
    for (const name of [...named, ...mounted]) assert.ok(readme.includes(name), name)
  }
})

test('no manifest holds a secret', () => {
  assert.deepEqual(ofKind('Secret'), [])
  const hidden = new Set(
    Object.values(settingsByOwner).flatMap((specs) =>
      Object.values(specs).flatMap((spec) => ('secret' in spec && spec.secret === true ? [spec.env] : [])),
    ),
  )
  const values = pods.flatMap(({ container }) => (container.env ?? []).filter(({ value }) => value !== undefined))
  const data = ofKind('ConfigMap').flatMap(({ data = {} }) => Object.keys(data))
  assert.deepEqual(
    [...values.map(({ name }) => name), ...data].filter((name) => hidden.has(name)),
    [],
  )
})
